"""Checks before any work, so that a run that must fail never starts: texts, images, memory, disk, hub, old results."""

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
from pipeline.arms import finetune_settings, generate_settings, pretraining_of
from pipeline.costs import sizes
from pipeline.costs.resources import JobNeeds
from pipeline.costs.sizes import Sizes
from pipeline.costs.text import generation_memory, training_memory
from pipeline.layout.text_chain import pretraining_files, user_files
from pipeline.run import machine
from pipeline.run.snakemake_internals import Job


def check(config: dict[str, Any]) -> None:
    """Resolve `config`, and check all that needs no network, the cheapest checks first. Writes nothing.

    Raises ConfigurationError, SourceError, ImageError, ArtefactError or TooLittleMemory, with a remedy in the message.
    """
    check_place(Path.cwd())
    configuration.resolve(config)
    results = Path("results", config["experiment"])
    check_inputs(config)
    check_memory(config, results)
    check_kept_results(results)
    check_base_model(config, results)


def check_run(needs: JobNeeds, jobs: Iterable[tuple[Job, Sequence[Path]]], *, on_this_machine: bool) -> None:
    """Check the hub, the results folder, the disk and the memory of this machine, before the first job.

    `jobs` are the jobs that will run, with their output files. Raises SourceError or TooLittleMemory.
    """
    jobs = list(jobs)
    check_hub(needs.config, needs.results)
    check_folder(needs.results)
    check_disk(needs, jobs)
    if on_this_machine:
        check_machine(needs, [job for job, _ in jobs])


def check_place(folder: Path) -> None:
    """Raise SourceError for a project folder with braces in its path. Any other name is allowed."""
    if {*"{}"} & {*str(folder)}:
        raise SourceError(
            f"{folder}: braces in the project's path, which Snakemake takes for wildcards; rename the folder"
        )


def check_inputs(config: Mapping[str, Any]) -> None:
    """Read every local file once. Text must be UTF-8 and fill a block; images must be whole and of one shape.

    Raises SourceError or ImageError otherwise.
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
    """Raise SourceError if a hub is needed and does not answer. It is not needed if the results hold its files."""
    sources = {  # key: part, manifest of the fetched files, other values of `source`
        "base_model": ("text", "base/manifest.json", "pretrain"),
        "corpus": ("text", "corpus/train.manifest.json", "files or pydoc"),
        "vae.images": ("vae", "vae/images/train.manifest.json", "files or digits"),
    }
    chosen = {"base_model": config["base_model"], "corpus": config["corpus"], "vae.images": config["vae"]["images"]}
    needed = [
        key
        for key, (part, manifest, _) in sources.items()
        if part in config["parts"] and chosen[key]["source"] == "hub" and not (results / manifest).exists()
    ]
    if not needed or os.environ.get("HF_HUB_OFFLINE"):
        return
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    try:
        urllib.request.urlopen(endpoint, timeout=20).close()
    except urllib.error.HTTPError:
        return  # it answers
    except OSError as error:
        raise SourceError(
            f"{needed[0]}.source: hub: no connection to {endpoint} ({error}); check the network, or choose "
            f"{sources[needed[0]][2]}"
        ) from error


def check_memory(config: Mapping[str, Any], results: Path) -> None:
    """Raise TooLittleMemory if a job needs more than `memory_gigabytes`, for models of known size.

    Every job checks its memory too. Models of unknown size have this check alone.
    """
    if "text" not in config["parts"] or (known := Sizes(config, results)).is_guess:
        return
    tokens, evaluate, gigabytes = known.tokens, config["text"]["evaluate"], config["memory_gigabytes"]
    for arm in config["text"]["arms"]:
        shape, finetune, generate = known.model(arm), finetune_settings(config, arm), generate_settings(config, arm)
        trainings = [("text.finetune", finetune, config["threads"], tokens)]
        if config["base_model"]["source"] == "pretrain":
            pretraining = pretraining_of(config, finetune["size"])
            trainings.append(("base_model.pretraining", pretraining, pretraining["threads"], 2 * tokens))
        for key, options, threads, length in trainings:
            blocks = min(options["batch_blocks"], options["micro_batch_blocks"])
            needed = training_memory(shape, options, length, threads, blocks)
            memory.check(needed, gigabytes, key, f"{key}.micro_batch_blocks")
        needed = generation_memory(shape, generate, tokens, generate["batch_blocks"])
        memory.check(needed, gigabytes, "text.generate", "text.generate.batch_blocks")
        batch, precision = evaluate["batch_blocks"], evaluate["precision"]
        needed = memory.scoring(shape, tokens=tokens, batch_blocks=batch, precision=precision)
        memory.check(needed, gigabytes, "text.evaluate", "text.evaluate.batch_blocks")


def check_base_model(config: Mapping[str, Any], results: Path) -> None:
    """Raise SourceError if the engine cannot generate text with the base model.

    A model that is not fetched yet is checked after the fetch.
    """
    if "text" not in config["parts"] or (fetched := sizes.fetched(config, results)) is None:
        return
    try:
        check_engine(config["text"]["generate"]["engine"], fetched)
    except ModelError as error:
        raise SourceError(str(error)) from error


def check_kept_results(results: Path) -> None:
    """Raise ArtefactError for results of another schema version, or a damaged base model, which all jobs start from."""
    for name, kind in (("corpus/train.manifest.json", "human text"), ("base/manifest.json", "base model")):
        if (results / name).exists():
            manifest = read_manifest(results / name, kind)
            if kind == "base model":
                check_files(results / name, manifest, missing=False)


def check_folder(results: Path) -> None:
    """Raise SourceError if the results folder cannot be written to."""
    folder = nearest(results)
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SourceError(
            f"{folder}: cannot be written to ({error.strerror}); make it writable or run in another folder"
        ) from error


def check_disk(needs: JobNeeds, jobs: Sequence[tuple[Job, Sequence[Path]]]) -> None:
    """Raise SourceError if the results, and the temporary files of one job, do not fit on the disk."""
    each = [needs.needs(job.rule, dict(job.wildcards)) for job, _ in jobs]
    replaced = sum(path.stat().st_size for _, outputs in jobs for path in outputs if path.is_file())
    needed = sum(job.disk for job in each) + max((job.scratch for job in each), default=0) - replaced
    folder = nearest(needs.results)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise SourceError(
            f"{folder}: {free / 1e6:.1f} MB free, the run needs about {needed / 1e6:.1f} MB more; "
            f"free space, or ask for fewer seeds, arms or generations: {(needed - free) / 1e6:.1f} MB are missing"
        )


def check_machine(needs: JobNeeds, jobs: Iterable[Job]) -> None:
    """Raise TooLittleMemory if one job needs more memory than this machine has, for models of known size."""
    if needs.is_guess():
        return
    total = machine.memory_bytes()
    for job in jobs:
        need = needs.needs(job.rule, dict(job.wildcards))
        if need.memory > total:
            raise memory.TooLittleMemory(
                f"this machine has {total / memory.GIGABYTE:.1f} GB of memory, and {job} needs about "
                f"{need.memory / memory.GIGABYTE:.1f} GB, {(need.memory - total) / memory.GIGABYTE:.1f} GB more; "
                f"lower {need.lower}, or run on a larger machine"
            )


def nearest(path: Path) -> Path:
    """Return the folder itself, or the nearest one above it that exists."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())
