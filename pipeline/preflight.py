"""What can be known to fail is refused before any work: unreadable text, a full disk, results of another version."""

import os
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collapse.artefacts import check_files, read_manifest
from collapse.corpus.sources import SourceError, local_file, read_lines
from collapse.images.idx import check_count, read_splits
from collapse.models import memory
from collapse.models.families import ModelError, check_engine
from pipeline import configuration
from pipeline.arms import generate_settings
from pipeline.costs import sizes
from pipeline.costs.plan import Plan
from pipeline.costs.sizes import Sizes
from pipeline.layout.text_chain import pretraining_files, user_files
from pipeline.run import machine

LOWER = {  # what decides the memory of a rule's jobs
    "pretrain": "base_model.pretraining.micro_batch_blocks or threads",
    "finetune": "text.finetune.micro_batch_blocks, threads or text.finetune.processes",
    "generate": "text.generate.batch_blocks",
    "evaluate": "memory_gigabytes",
    "simulate_discrete": "discrete.chains",
    "simulate_gaussian": "gaussian.chains",
    "simulate_mixture": "mixture.chains or mixture.samples",
    "train_vae": "vae.batch_images",
    "evaluate_vae": "vae.evaluate.images",
}


def check(config: dict[str, Any]) -> Plan:
    """All that is checked before any work, in the order of what it costs; `config` is resolved on the way.

    Returns what the run will do.

    ConfigurationError, SourceError, ImageError, ArtefactError or TooLittleMemory, each with a message to act on.
    """
    check_place(Path.cwd())
    configuration.resolve(config)
    results = Path("results", config["experiment"])
    check_inputs(config)
    check_memory(config, results)
    check_hub(config, results)
    plan = Plan(config, results)
    check_results(plan, results)
    check_base_model(config, results)
    return plan


def check_place(folder: Path) -> None:
    """Any name of the project's folder will do but one with braces, which Snakemake takes for wildcards."""
    if {*"{}"} & {*str(folder)}:
        raise SourceError(
            f"{folder}: braces in the project's path, which Snakemake takes for wildcards; rename the folder"
        )


def check_inputs(config: Mapping[str, Any]) -> None:
    """Read every local file once: text is UTF-8 and could fill a block, images are whole and of one shape.

    SourceError or ImageError otherwise.
    """
    images = config["vae"]["images"]
    if "vae" in config["parts"] and images["source"] == "files":
        read = read_splits(Path(images["folder"]), images["files"])
        check_count(read["train"][0].sizes[0], images["train_images"])
    for path in user_files(config) + pretraining_files(config):
        if path.suffix in (".parquet", ".arrow"):
            local_file(path)
            continue
        # no token is shorter than a byte, so fewer bytes than block_tokens cannot fill a block
        size = sum(len(line.encode()) for line in read_lines(path))
        block_tokens = config["corpus"]["block_tokens"]
        if size < block_tokens:
            raise SourceError(f"{path}: {size} bytes, shorter than one block of {block_tokens} tokens; give more text")


def check_hub(config: Mapping[str, Any], results: Path) -> None:
    """What is to come from a hub can: it answers at all. Nothing is asked of it if the files are here already."""
    sources = {
        "base_model": ("text", config["base_model"]["source"], "base/manifest.json"),
        "corpus": ("text", config["corpus"]["source"], "corpus/train.manifest.json"),
        "vae.images": ("vae", config["vae"]["images"]["source"], "vae/images/train.manifest.json"),
    }
    wanted = [
        key
        for key, (part, source, manifest) in sources.items()
        if part in config["parts"] and source == "hub" and not (results / manifest).exists()
    ]
    if not wanted or os.environ.get("HF_HUB_OFFLINE"):
        return
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    try:
        urllib.request.urlopen(endpoint, timeout=20).close()
    except urllib.error.HTTPError:
        return  # it answers
    except OSError as error:
        other = {"base_model": "pretrain", "corpus": "files or pydoc", "vae.images": "files or digits"}[wanted[0]]
        raise SourceError(
            f"{wanted[0]}.source: hub: no connection to {endpoint} ({error}); check the network, or choose {other}"
        ) from error


def check_memory(config: Mapping[str, Any], results: Path) -> None:
    """What the sizes of the configuration need fits in `memory_gigabytes`; TooLittleMemory otherwise.

    Jobs check for themselves too: of a model from a hub that is neither known nor here they are the first.
    """
    if "text" not in config["parts"]:
        return
    known = Sizes(config, results)
    if not known.guessed():
        for shape in {known.of(arm) for arm in config["text"]["arms"]}:
            check_memory_of(config, shape)


def check_memory_of(config: Mapping[str, Any], shape: memory.Shape) -> None:
    """The same for models of one size."""
    pretraining, text, tokens = config["base_model"]["pretraining"], config["text"], config["corpus"]["block_tokens"]
    gigabytes = config["memory_gigabytes"]
    trainings = [("text.finetune", text["finetune"], config["threads"], tokens)]
    if config["base_model"]["source"] == "pretrain":
        trainings.append(("base_model.pretraining", pretraining, pretraining["threads"], 2 * tokens))
    for key, part, threads, length in trainings:
        blocks = min(part["batch_blocks"], part["micro_batch_blocks"])
        needed = memory.finetuning(
            shape, tokens=length, micro_batch_blocks=blocks, threads=threads, precision=part["precision"]
        )
        memory.check(needed, gigabytes, key, f"{key}.micro_batch_blocks")
    for arm in text["arms"]:
        generate = generate_settings(config, arm)
        needed = memory.generation(
            shape,
            prompt=tokens,
            new_tokens=tokens,
            beams=generate.get("num_beams", 1),
            batch_blocks=generate["batch_blocks"],
            precision=generate["precision"],
            verifies=generate["candidates"] > 1,
        )
        memory.check(needed, gigabytes, "text.generate", "text.generate.batch_blocks")
    evaluate = text["evaluate"]
    needed = memory.scoring(
        shape, tokens=tokens, batch_blocks=evaluate["batch_blocks"], precision=evaluate["precision"]
    )
    memory.check(needed, gigabytes, "text.evaluate", "text.evaluate.batch_blocks")


def check_base_model(config: Mapping[str, Any], results: Path) -> None:
    """The engine that is to write text can do so with the base model, if this is here; SourceError otherwise.

    A model that is still to be fetched is checked when it comes.
    """
    if "text" not in config["parts"] or (fetched := sizes.fetched(config, results)) is None:
        return
    try:
        check_engine(config["text"]["generate"]["engine"], fetched)
    except ModelError as error:
        raise SourceError(str(error)) from error


def check_results(plan: Plan, results: Path) -> None:
    """The results folder can be written to, has space, and holds no results of another schema version."""
    folder = nearest(results)
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SourceError(
            f"{folder}: cannot be written to ({error.strerror}); make it writable or run in another folder"
        ) from error
    for name, kind in (("corpus/train.manifest.json", "human text"), ("base/manifest.json", "base model")):
        if (results / name).exists():
            manifest = read_manifest(results / name, kind)
            if kind == "base model":  # everything starts from it: a truncated file is refused before any work
                check_files(results / name, manifest, missing=False)
    kept = sum(path.stat().st_size for path in results.rglob("*") if path.is_file())
    needed, free = plan.disk() - kept, shutil.disk_usage(folder).free
    if needed > free:
        raise SourceError(
            f"{folder}: {free / 1e6:.1f} MB free, the run needs about {needed / 1e6:.1f} MB more; "
            f"free space, or ask for fewer seeds, arms or generations: {(needed - free) / 1e6:.1f} MB are missing"
        )


def check_machine(plan: Plan) -> None:
    """Each job by itself fits in the memory of this machine, where all run; TooLittleMemory otherwise.

    Of a model of unknown size nothing is said: its jobs check for themselves.
    """
    if plan.guessed():
        return
    job, there = plan.largest(), machine.memory_bytes()
    needed = plan.needs[job].memory
    if needed > there:
        remedy = LOWER.get(job.rule, "its sizes in the configuration")
        raise memory.TooLittleMemory(
            f"this machine has {there / memory.GIGABYTE:.1f} GB of memory, and {job} needs about "
            f"{needed / memory.GIGABYTE:.1f} GB, {(needed - there) / memory.GIGABYTE:.1f} GB more than there are; "
            f"lower {remedy}, or run it on a larger one"
        )


def nearest(path: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
