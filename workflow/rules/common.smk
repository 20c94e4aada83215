# Shared by all rules: the checked configuration, paths of the results tree, code hashes, flags, and the hooks of a run.
# Parsing writes nothing: a run prepares its folders before Snakemake builds the DAG.
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
from collapse.measures.registry import BY_ARM
from collapse.theory.options import ThreeErrors
from collapse.training.options import PretrainingText

# Rules share Snakemake's own namespace: never bind one of its names here, such as chain or report.
from pipeline import configuration, preflight, schema
from pipeline.provenance import code_hash, records
from pipeline.run import clock, gpus, run_lock, slurm, snakemake_internals, warm_start
from pipeline.layout.link import declared, file_of, flags, made_by
from pipeline.layout.text_chain import TextChain, pretraining_files, pretraining_options, source_options, user_files
from pipeline.layout.theory_chains import discrete_chains, discrete_options, gaussian_chains, gaussian_options
from pipeline.layout.mixture_chain import MixtureChain
from pipeline.layout.vae_chain import VaeChain, image_files, image_options
from pipeline.costs.resources import JobNeeds

REFUSALS = (configuration.ConfigurationError, SourceError, ImageError, ArtefactError, TooLittleMemory)


def refused(check, *values, **options):
    """Call a check, and turn its error into a message without a traceback."""
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
CHECKPOINTS = f"{RESULTS}/checkpoints"  # not an output, so that a killed job keeps its checkpoint
CONFIGURATION = snakemake_internals.STATE / "model-collapse" / f"{config['experiment']}.configuration.json"
NEEDS = JobNeeds(config, Path(RESULTS))
warm_start.prefer_this_interpreter()


# <name> in a path is replaced by the path given here.
pathvars:
    results=RESULTS,
    base=f"{RESULTS}/base",
    corpus=f"{RESULTS}/corpus",
    text=f"{RESULTS}/text",
    figures=f"{RESULTS}/figures",
    logs=f"logs/{config['experiment']}",
    timings=f"{RESULTS}/benchmark",  # declared as logs: no job depends on them, and no comparison reads them
    place="{arm}/seed{seed}/generation{generation}",


def configuration_text():
    """Return the resolved configuration and the meaning of each key, as JSON in the order of config.yaml."""
    return json.dumps({"configuration": config, "descriptions": schema.descriptions(configuration.schema())})


def prepare_run():
    """Repair file times and Snakemake's records, before Snakemake decides by them which jobs must run."""
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
    size="(?:/sizes/[A-Za-z0-9_-]+)?",  # a folder or nothing
    question="(?:/questions/[A-Za-z0-9_-]+)?",  # a folder or nothing
    seed="[0-9]+",
    generation="[0-9]+",
    shard="[0-9]+",
    samples="[0-9]+",
    dimensions="[0-9]+",
    distribution="[A-Za-z0-9_-]+",
    original="[a-z_]+",
    variant="[a-z_]+",
    split="train|validation|test",


# Options with the user's own words are params by a function, because Snakemake takes braces in a string for wildcards.
def code(script):
    """Return the hash of the code that a script runs."""
    return code_hash.code_hash(Path(workflow.basedir), script)


def runs(script):
    """Return the params that name a script and its code, in rules whose heirs run other scripts."""
    return {"script": script, "code": code(script)}


def hashes(paths):
    """Return the hashes of local files, as a param: changed content reruns jobs, a touch does not."""
    return [sha256(path) for path in paths]


def input_flags(wildcards, input):
    """Return a job's named inputs as flags of the same names."""
    return flags(**{name: str(path) for name, path in input.items()})


def output_flags(wildcards, output):
    """Return a job's named outputs as flags of the same names."""
    return flags(**{name: str(path) for name, path in output.items()})


def place_flags(wildcards):
    """Return a job's wildcards as flags of the same names; shard_options adds the shard."""
    return flags(**{name: value for name, value in wildcards.items() if name != "shard"})


def folder_of(path):
    return Path(path).parent.as_posix()


FIGURES, QUESTION_FIGURES = [], []  # names of files, filled by the rules


def figure(title, name, category, also=".png"):
    """Return the outputs of a figure: the file in the report, a picture (`also` is its suffix), and the caption."""
    FIGURES.append(name)
    path = Path(f"{RESULTS}/figures", name)
    caption = path.with_suffix(".rst")
    labels = {"figure": title}
    figure = report(path, caption=str(caption.absolute()), category=category, labels=labels)
    return {"figure": figure, "caption": caption} | ({"picture": path.with_suffix(also)} if also else {})


def question_figure(title, name, category, caption="question"):
    """Return the outputs of a figure of a question. A page of numbers (HTML) has no picture."""
    QUESTION_FIGURES.append(name)
    path = Path("<figures>{question}", name)
    figure = report(
        str(path),
        caption=f"../report/{caption}.rst",
        category=category,
        subcategory=question_name,
        labels={"figure": title},
    )
    picture = {"picture": str(path.with_suffix(".png"))} if path.suffix == ".svg" else {}
    own_caption = {"caption": str(path.with_suffix(".rst"))} if caption == "question" else {}
    return {"figure": figure} | own_caption | picture


def question_name(wildcards):
    return Path(wildcards.question).name or "all arms"


def reference(wildcards):
    """Return the reference arm of a question."""
    return config["text"]["questions"].get(question_name(wildcards), config["text"]["statistics"])["reference"]


onstart:
    jobs = snakemake_internals.jobs_to_run(workflow)
    refused(preflight.check_run, NEEDS, jobs, on_this_machine=workflow.local_exec)
    run_lock.hold()
    run_name = snakemake_internals.run_name(workflow)
    slurm.begin(config["experiment"], run_name, snakemake_internals.passes_scripts(workflow))
    run_lock.sweep(Path(RESULTS))  # only now: no job of an earlier run is writing any more, on any node
    if workflow.local_exec:
        snakemake_internals.remove_rate_limit(workflow)
        gpus.hand_out(snakemake_internals.resource(workflow, "gpu"))
        warm_start.serve()


onsuccess:
    slurm.record(config["experiment"]).unlink(missing_ok=True)
    records.pack(Path(RESULTS), snakemake_internals.STATE)


onerror:
    records.pack(Path(RESULTS), snakemake_internals.STATE)
