"""The synthetic text of one generation as files: its sources, the prompts of a shard, the columns of a row."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from collapse.tables import write_blocks
from scripts.shared import job


def add_sources(made: argparse.ArgumentParser) -> None:
    job.add_owners(made, "model", "previous", "generation0")
    made.add_argument("--model", type=Path, required=True, help="folder of finetune")
    made.add_argument("--corpus", type=Path, required=True, help="folder of prepare_corpus: prompts original")
    made.add_argument("--previous", type=Path, help="synthetic.parquet of the generation before: prompts previous")
    made.add_argument("--generation0-model", type=Path, help="folder of generation 0's model, which a verifier uses")


def sources(args: argparse.Namespace) -> list[Path]:
    """Manifests of the model, the human text, the previous text where it is continued, and the verifier's inputs."""
    found = [args.model / "manifest.json", args.corpus / "train.manifest.json"]
    if args.previous:
        found.append(args.previous.with_suffix(".manifest.json"))
    if args.generation0_model:
        found += [args.generation0_model / "manifest.json", args.corpus / "validation.manifest.json"]
    return found


def shard_rows(blocks: int, batch_blocks: int, shard: int, shards: int) -> slice:
    """The prompts of shard 1 … `shards`.

    The cuts lie between batches, so that these are the same whatever the number of shards. With more shards than
    batches some are empty.
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
    """A row for every block: the new tokens (blocks, tokens), the block that they continue, and their place."""
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
