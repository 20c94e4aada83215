# What all rules share. Takes the configuration; gives it checked, with the paths of the results tree, code hashes, and
# the hooks of a run. Nothing is written while this is parsed: a run prepares its folders before it builds the DAG.
import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, workflow.basedir)
sys.dont_write_bytecode |= workflow.output_settings.dryrun

from collapse.artefacts import ArtefactError, sha256, write_text
from collapse.images.idx import ImageError
from collapse.models.memory import TooLittleMemory
from collapse.corpus.sources import SourceError
from collapse.theory.options import OF_VARIANT, Chains, Distribution, GaussianJob, ThreeErrors
from collapse.training.options import Architecture, PretrainingText, Training

# Snakemake runs these files in its own namespace: a name that it uses (chain, report, …) must not be bound here.
from pipeline import configuration, preflight, schema
from pipeline.provenance import code_hash, records
from pipeline.run import clock, gpus, run_lock, slurm, snakemake_internals
from pipeline.run import warm_start
from pipeline.layout.link import declared, file_of, flags, made_by
from pipeline.layout.text_chain import TextChain, pretraining_files, source_options, user_files
from pipeline.layout.mixture_chain import MixtureChain
from pipeline.costs.resources import JobNeeds
from pipeline.layout.vae_chain import VaeChain, image_files, image_options

REFUSALS = (configuration.ConfigurationError, SourceError, ImageError, ArtefactError, TooLittleMemory)


def refused(check, *values, **options):
    """Call a check; what it refuses is one message, without a traceback."""
    try:
        check(*values, **options)
    except REFUSALS as error:
        raise WorkflowError(str(error)) from None


if workflow.is_main_process:
    refused(preflight.check, config)
else:
    slurm.check_job(config["experiment"])
    configuration.expand(config)

PARTS = config["parts"]
QUESTIONS = [*config["text"]["questions"]]
RESULTS = f"results/{config['experiment']}"
CHECKPOINTS = f"{RESULTS}/checkpoints"  # of training jobs under way: no output, so that they outlive a killed job
CONFIGURATION = snakemake_internals.STATE / "model-collapse" / f"{config['experiment']}.configuration.json"
NEEDS = JobNeeds(config, Path(RESULTS))
warm_start.prefer_this_interpreter()


# In a path, <name> stands for what is written here.
pathvars:
    results=RESULTS,
    base=f"{RESULTS}/base",
    corpus=f"{RESULTS}/corpus",
    text=f"{RESULTS}/text",
    figures=f"{RESULTS}/figures",
    logs=f"logs/{config['experiment']}",
    timings=f"{RESULTS}/benchmark",  # outside of all that is compared; declared as logs, so nothing depends on them
    place="{arm}/seed{seed}/generation{generation}",


def configuration_text():
    """The resolved configuration and what each key means, as JSON in the order of config.yaml."""
    return json.dumps({"configuration": config, "descriptions": schema.descriptions(configuration.schema())})


def prepare_run():
    """Bring times and Snakemake's records in order, before they decide what must run."""
    clock.mend(Path(RESULTS))
    records.mend(Path(RESULTS), snakemake_internals.STATE)
    records.unpack(Path(RESULTS), snakemake_internals.STATE)
    write_text(CONFIGURATION, configuration_text())


if workflow.is_main_process:
    snakemake_internals.before_dag(
        workflow,
        run=lambda: refused(prepare_run),
        dry_run=lambda: refused(records.check, Path(RESULTS), snakemake_internals.STATE),
    )


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


def runs(script):
    """Name a script as a param beside its code, where heirs run another script by the same command."""
    return {"script": script, "code": code(script)}


def hashes(paths):
    """Local text as a parameter, by content, so that a touch reruns nothing."""
    return [sha256(path) for path in paths]


def input_flags(wildcards, input):
    """A job's named inputs as flags of the same names."""
    return flags(**{name: str(path) for name, path in input.items()})


def output_flags(wildcards, output):
    """A job's named outputs as flags of the same names."""
    return flags(**{name: str(path) for name, path in output.items()})


def place_flags(wildcards):
    """A job's wildcards as flags of the same names; which shard it is, shard_options says."""
    return flags(**{name: value for name, value in wildcards.items() if name != "shard"})


def figure(title, name, category, also=".png"):
    """Outputs of a job that draws: the file that the report shows, the same as a picture, and the caption."""
    path = Path(f"{RESULTS}/figures", name)
    caption = path.with_suffix(".rst")
    labels = {"figure": title}
    shown = report(path, caption=str(caption.absolute()), category=category, labels=labels)
    return {"figure": shown, "caption": caption} | ({"picture": path.with_suffix(also)} if also else {})


def question_figure(title, name, category):
    """Outputs of a job that draws for each question; a page of numbers (HTML) has no picture beside it."""
    path = Path("<figures>{question}", name)
    shown = report(
        str(path),
        caption="../report/question.rst",
        category=category,
        subcategory=question_name,
        labels={"figure": title},
    )
    picture = {"picture": str(path.with_suffix(".png"))} if path.suffix == ".svg" else {}
    return {"figure": shown, "caption": str(path.with_suffix(".rst"))} | picture


def question_name(wildcards):
    return Path(wildcards.question).name or "all arms"


def reference(wildcards):
    """The arm that a question's others are compared with."""
    return config["text"]["questions"].get(question_name(wildcards), config["text"]["statistics"])["reference"]


onstart:
    jobs = snakemake_internals.jobs_to_run(workflow)
    refused(preflight.check_run, NEEDS, jobs, on_this_machine=workflow.local_exec)
    run_lock.hold()
    run_name = snakemake_internals.run_name(workflow)
    slurm.begin(config["experiment"], run_name, snakemake_internals.passes_scripts(workflow))
    run_lock.sweep(Path(RESULTS))  # after that: no job of an earlier run is writing, on any node
    if workflow.local_exec:
        snakemake_internals.start_jobs_at_any_rate(workflow)
        gpus.hand_out(snakemake_internals.resource(workflow, "gpu"))
        warm_start.serve()


onsuccess:
    slurm.record(config["experiment"]).unlink(missing_ok=True)
    records.pack(Path(RESULTS), snakemake_internals.STATE)


onerror:
    records.pack(Path(RESULTS), snakemake_internals.STATE)
