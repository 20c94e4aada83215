# What all rules share: the checked configuration, paths of the results tree, code hashes, flags, and the run's hooks.
import json
import sys
from pathlib import Path

sys.path.insert(0, workflow.basedir)

from collapse.training.options import Architecture, PretrainingText, Training
from collapse.artefacts import ArtefactError, sha256
from collapse.images.idx import ImageError
from collapse.models.memory import TooLittleMemory
from collapse.corpus.sources import SourceError

# Snakemake runs these files in its own namespace: a name that it uses itself (chain, report, …) must not be bound here.
from pipeline import configuration, preflight, schema
from pipeline.provenance import code_hash, records
from pipeline.run import clock, gpus, run_lock, slurm
from pipeline.run import warm_start
from pipeline.layout.link import declared, file_of, flags, made_by
from pipeline.layout.text_chain import TextChain, pretraining_files, source_options, user_files
from pipeline.layout.mixture_chain import MixtureChain
from pipeline.costs.resources import JobNeeds
from pipeline.layout.vae_chain import VaeChain, image_files, image_options

if workflow.is_main_process:
    try:
        PLAN = preflight.check(config)
    except (configuration.ConfigurationError, SourceError, ImageError, ArtefactError, TooLittleMemory) as error:
        raise WorkflowError(str(error)) from None
else:
    slurm.check_job(config["experiment"])
    configuration.expand(config)

RESULTS = f"results/{config['experiment']}"
PARTS = config["parts"]
QUESTIONS = [*config["text"]["questions"]]
FIGURES = f"{RESULTS}/figures"
CHECKPOINTS = f"{RESULTS}/checkpoints"  # of training jobs under way: no output, so that they outlive a killed job
STATE = Path(".snakemake")
warm_start.prefer_this_interpreter()

if workflow.is_main_process:
    clock.mend(Path(RESULTS))
    try:
        records.mend(Path(RESULTS), STATE)
        records.unpack(Path(RESULTS), STATE)
    except ArtefactError as error:
        raise WorkflowError(str(error)) from None
    note = STATE / "model-collapse" / "results"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(RESULTS)
NEEDS = JobNeeds(config, Path(RESULTS))


wildcard_constraints:
    arm="[A-Za-z0-9._-]+",
    size="(?:/sizes/[A-Za-z0-9_-]+)?",  # likewise
    question="(?:/questions/[A-Za-z0-9_-]+)?",  # a folder, or none
    seed="[0-9]+",
    generation="[0-9]+",
    shard="[0-9]+",
    samples="[0-9]+",
    dimensions="[0-9]+",
    distribution="[A-Za-z0-9_-]+",
    original="[a-z_]+",
    variant="[a-z_]+",
    split="train|validation|test",


# Options that hold words of the user's are params by a function: Snakemake would take braces in them for wildcards.
def code(script):
    """Hash of the source that a job of this script runs."""
    return code_hash.code_hash(Path(workflow.basedir), script)


def hashes(paths):
    """Local text as a parameter, by content, so that a touch reruns nothing."""
    return [sha256(path) for path in paths]


def timings(job):
    """Where a job writes its timings, outside of all that is compared; declared as a log, so nothing depends on it."""
    return f"{RESULTS}/benchmark/{job}.json"


def shown(figure, name, category):
    """An output for the report; the job that draws it writes its caption too, with the numbers in it."""
    path = Path(RESULTS, "figures", name)
    return report(
        path,
        caption=str(path.with_suffix(".rst").absolute()),
        category=category,
        labels={"figure": figure},
    )


def question_name(wildcards):
    return Path(wildcards.question).name or "all arms"


def asked(figure, name, category):
    """As `shown`, for every question on the text; `caption` among the outputs is what the report shows beside it."""
    return report(
        f"{FIGURES}{{question}}/{name}",
        caption="../report/question.rst",
        category=category,
        subcategory=question_name,
        labels={"figure": figure},
    )


def reference(wildcards):
    """The arm that a question's others are compared with."""
    return config["text"]["questions"].get(question_name(wildcards), config["text"]["statistics"])["reference"]


onstart:
    if workflow.local_exec:
        try:
            preflight.check_machine(PLAN)
        except TooLittleMemory as error:
            raise WorkflowError(str(error)) from None
        # its timers never end while jobs are ready: with every job that is done, Snakemake plans once a second more
        workflow.scheduler.job_rate_limiter = None
    run_lock.hold()
    as_script = getattr(workflow.executor_settings, "pass_command_as_script", False)
    slurm.begin(config["experiment"], getattr(workflow.scheduler._executor, "run_uuid", None), as_script)
    run_lock.sweep(Path(RESULTS))  # after that: no job of an earlier run is writing, on any node
    if workflow.local_exec:
        gpus.hand_out(getattr(workflow.global_resources.get("gpu"), "value", None) or 0)
        warm_start.serve()


onsuccess:
    slurm.record(config["experiment"]).unlink(missing_ok=True)
    records.pack(Path(RESULTS), STATE)


onerror:
    records.pack(Path(RESULTS), STATE)
