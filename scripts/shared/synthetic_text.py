"""The synthetic text of one generation as files: its sources, the prompts of a shard, the columns of a row."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from collapse.tables import write_blocks
from scripts.shared import job


def add_sources(made: argparse.ArgumentParser) -> None:
    job.add_source_arms(made, "model", "previous", "generation0")
    job.add(made, Path, model="folder of finetune", corpus="folder of prepare_corpus")
    made.add_argument("--previous", type=Path, help="synthetic.parquet of the generation before, for prompts previous")
    made.add_argument("--generation0-model", type=Path, help="folder of generation 0's model, which a verifier uses")


def sources(args: argparse.Namespace) -> list[Path]:
    """List the manifests of the inputs: model, human text, previous text if it is continued, inputs of the verifier."""
    manifests = [args.model / "manifest.json", args.corpus / "train.manifest.json"]
    if args.previous:
        manifests.append(args.previous.with_suffix(".manifest.json"))
    if args.generation0_model:
        manifests += [args.generation0_model / "manifest.json", args.corpus / "validation.manifest.json"]
    return manifests


def shard_rows(blocks: int, batch_blocks: int, shard: int, shards: int) -> slice:
    """Return the rows of the prompts of one shard; shards count from 1.

    Shards end where batches end, so the batches do not depend on the number of shards. With more shards than batches,
    some shards are empty.
    """
    batches = -(-blocks // batch_blocks)
    first, last = (batch_blocks * (batches * cut // shards) for cut in (shard - 1, shard))
    return slice(min(first, blocks), min(last, blocks))


def write(
    path: Path,
    tokens: np.ndarray,
    source_block: np.ndarray,
    log_probability: np.ndarray,
    marked: np.ndarray,
    place: Mapping[str, Any],
) -> None:
    """Write a row for each block: its new tokens (blocks, tokens), the block that they continue, and their place."""
    rows = len(tokens)
    write_blocks(
        path,
        tokens,
        {
            "source_block": source_block,
            "log_probability": log_probability,
            "marked": marked,
            "arm": np.full(rows, place["arm"]),
            "seed": np.full(rows, place["seed"], np.int64),
            "generation": np.full(rows, place["generation"], np.int32),
        },
    )
