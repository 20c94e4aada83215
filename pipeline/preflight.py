"""Refuse before any work what is known to fail: unreadable text, a full disk, results of another version."""

import os
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
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
from pipeline.costs.resources import JobNeeds
from pipeline.costs.sizes import Sizes
from pipeline.layout.text_chain import pretraining_files, user_files
from pipeline.run import machine
from pipeline.run.snakemake_internals import Job


def check(config: dict[str, Any]) -> None:
    """Check all that needs no network, in the order of what it costs; write nothing. `config` is resolved on the way.

    ConfigurationError, SourceError, ImageError, ArtefactError or TooLittleMemory, each with a message to act on.
    """
    check_place(Path.cwd())
    configuration.resolve(config)
    results = Path("results", config["experiment"])
    check_inputs(config)
    check_memory(config, results)
    check_kept_results(results)
    check_base_model(config, results)


def check_run(needs: JobNeeds, jobs: Iterable[tuple[Job, Sequence[Path]]], *, on_this_machine: bool) -> None:
    """Check before the first job what a run needs beside its configuration: the hub, a folder, disk and memory.

    `jobs` are those that will run, with their output files. SourceError or TooLittleMemory.
    """
    jobs = list(jobs)
    check_hub(needs.config, needs.results)
    check_folder(needs.results)
    check_disk(needs, jobs)
    if on_this_machine:
        check_machine(needs, [job for job, _ in jobs])


def check_place(folder: Path) -> None:
    """Refuse a project folder with braces in its name, which Snakemake takes for wildcards; any other name will do."""
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
    """Refuse a run that must fetch from a hub which does not answer; it is not asked if the files are here already."""
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
    """Refuse sizes that do not fit in `memory_gigabytes`; TooLittleMemory.

    Jobs check for themselves too: for a model of the hub whose size is not known yet they are the first to do so.
    """
    if "text" not in config["parts"]:
        return
    known = Sizes(config, results)
    if not known.is_guess:
        for shape in {known.model(arm) for arm in config["text"]["arms"]}:
            check_memory_of(config, shape)


def check_memory_of(config: Mapping[str, Any], shape: memory.Shape) -> None:
    """Check models of one size."""
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
    """Refuse an engine that cannot write text with the base model; SourceError.

    A model that is still to be fetched is checked when it arrives.
    """
    if "text" not in config["parts"] or (fetched := sizes.fetched(config, results)) is None:
        return
    try:
        check_engine(config["text"]["generate"]["engine"], fetched)
    except ModelError as error:
        raise SourceError(str(error)) from error


def check_kept_results(results: Path) -> None:
    """Refuse results of another schema version, and a base model that is not whole: everything starts from it."""
    for name, kind in (("corpus/train.manifest.json", "human text"), ("base/manifest.json", "base model")):
        if (results / name).exists():
            manifest = read_manifest(results / name, kind)
            if kind == "base model":
                check_files(results / name, manifest, missing=False)


def check_folder(results: Path) -> None:
    """Refuse a results folder that cannot be written to; SourceError."""
    folder = nearest(results)
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SourceError(
            f"{folder}: cannot be written to ({error.strerror}); make it writable or run in another folder"
        ) from error


def check_disk(needs: JobNeeds, jobs: Sequence[tuple[Job, Sequence[Path]]]) -> None:
    """Refuse a run whose results do not fit on the disk, beside the temporary files of its largest job; SourceError."""
    each = [needs.needs(job.rule, dict(job.wildcards)) for job, _ in jobs]
    replaced = sum(path.stat().st_size for _, outputs in jobs for path in outputs if path.is_file())
    needed = sum(one.disk for one in each) + max((one.scratch for one in each), default=0) - replaced
    folder = nearest(needs.results)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise SourceError(
            f"{folder}: {free / 1e6:.1f} MB free, the run needs about {needed / 1e6:.1f} MB more; "
            f"free space, or ask for fewer seeds, arms or generations: {(needed - free) / 1e6:.1f} MB are missing"
        )


def check_machine(needs: JobNeeds, jobs: Iterable[Job]) -> None:
    """Refuse a job that by itself needs more memory than this machine has; TooLittleMemory.

    The jobs of a model of unknown size check for themselves.
    """
    if needs.is_guess():
        return
    there = machine.memory_bytes()
    for job in jobs:
        one = needs.needs(job.rule, dict(job.wildcards))
        if one.memory > there:
            raise memory.TooLittleMemory(
                f"this machine has {there / memory.GIGABYTE:.1f} GB of memory, and {job} needs about "
                f"{one.memory / memory.GIGABYTE:.1f} GB, {(one.memory - there) / memory.GIGABYTE:.1f} GB more; "
                f"lower {one.lower}, or run on a larger machine"
            )


def nearest(path: Path) -> Path:
    """Return the folder itself, or the nearest one above it that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
