# What all rules share: the checked configuration, paths of the results tree, code hashes, flags, and the run's hooks.
import json
import os
import shlex
import sys
from pathlib import Path

sys.path.insert(0, workflow.basedir)

from collapse.artefacts import ArtefactError, sha256
from collapse.mixing import POLICIES
from collapse.text_sources import SourceError
from workflow import code_hash, configuration, exclusive, preflight, provenance, warm_start

RESULTS = f"results/{config['experiment']}" if isinstance(config.get("experiment"), str) else "results"
STATE = Path(".snakemake")
# jobs run under the interpreter that runs Snakemake, unless an environment puts another one in front
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

if workflow.is_main_process:
    try:
        configuration.check(config, POLICIES, ["beam_search"])
        preflight.check_inputs(config)
        preflight.check_results(config, Path(RESULTS))
    except (configuration.ConfigurationError, SourceError, ArtefactError) as error:
        raise WorkflowError(str(error)) from None
    provenance.unpack(Path(RESULTS), STATE)


wildcard_constraints:
    arm="[A-Za-z0-9_-]+",
    seed="[0-9]+",
    generation="[0-9]+",


def flags(**values):
    """One string of named flags: Snakemake compares parameters as a set of values, in which a swap goes unseen.

    None leaves a flag out; a list repeats it; a dictionary repeats it with key=value. Every value is quoted.
    """
    parts = []
    for name, value in values.items():
        if isinstance(value, dict):
            value = [f"{key}={one}" for key, one in value.items()]
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                parts.append(f"--{name.replace('_', '-')} {shlex.quote(str(one))}")
    return " ".join(parts)


def code(script):
    """Hash of the source that a job of this script runs."""
    return code_hash.code_hash(Path(workflow.basedir), script)


def timings(*parts):
    """Where a job writes its timings, outside of all that is compared; declared as a log, so nothing depends on it."""
    return "/".join([RESULTS, "benchmark", *parts]) + ".json"


onstart:
    exclusive.hold()
    warm_start.serve()


onsuccess:
    provenance.pack(Path(RESULTS), STATE)


onerror:
    provenance.pack(Path(RESULTS), STATE)
