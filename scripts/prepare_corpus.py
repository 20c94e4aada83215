"""Read one split of the human text and cut it into blocks."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from platform import python_version

import numpy as np
from tokenizers import Tokenizer

from collapse.artefacts import checked_file
from collapse.corpus import sources as text_sources
from collapse.corpus.blocks import evenly_spaced, to_blocks
from collapse.corpus.options import Corpus
from collapse.corpus.sources import SPLITS, SourceError
from collapse.corpus.tokenizer import end_of_text, load_tokenizer
from collapse.tables import write_blocks
from scripts.shared import job, options
from scripts.shared.step import Step

TRAINING_RUN = 20  # neighbouring training blocks that are kept together


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    add_source(parser)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--blocks", type=int, help="number of blocks to keep, evenly spaced; without it, all")
    job.add(parser, Path, "output", "manifest")
    args = parser.parse_args(argv)
    step = Step(args)
    step.parents.append(args.tokenizer_manifest)

    documents = read_documents(args)[args.split]
    tokenizer = read_tokenizer(args)
    try:
        blocks = to_blocks(documents, tokenizer, args.block_tokens)
    except ValueError as error:
        raise SourceError(f"{where(args)}: {error}") from error
    chosen = evenly_spaced(len(blocks), args.blocks, TRAINING_RUN if args.split == "train" else 1)
    write_blocks(args.output, blocks[chosen], {"block": np.arange(len(chosen), dtype=np.int32)})
    recorded = {
        "documents": len(documents),
        "blocks": len(blocks),
        "blocks_kept": len(chosen),
        "end_of_text_share": float((blocks[chosen] == end_of_text(tokenizer)).mean()),
        "text_sha256": text_sources.text_sha256(documents),
        "python": python_version() if args.source == "pydoc" else None,
        **{name: getattr(args, name) for name in ("source", "split", "block_tokens", "repository", "revision")},
    }
    step.write(args.manifest, "human text", [args.output], recorded)


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add the flags that name the source of the human text and its tokenizer."""
    options.add(parser, Corpus, leave_out=("train_blocks", "validation_blocks", "test_blocks"))
    job.add(parser, Path, "tokenizer_manifest", tokenizer="tokenizer.json")


def read_tokenizer(args: argparse.Namespace) -> Tokenizer:
    tokenizer = load_tokenizer(checked_file(args.tokenizer, args.tokenizer_manifest).parent)
    try:
        end_of_text(tokenizer)
    except ValueError as error:
        raise SourceError(f"{args.tokenizer}: {error}; choose another base model") from error
    return tokenizer


def read_documents(args: argparse.Namespace) -> text_sources.Documents:
    if args.source == "pydoc":
        return text_sources.pydoc_topics(args.validation_fraction, args.test_fraction)
    if args.source == "files":
        documents = text_sources.local_files(Path(args.folder), job.pairs(args.files), args.text_column)
    else:
        documents = text_sources.hub_dataset(
            args.repository, args.configuration, args.revision, job.pairs(args.splits), args.text_column
        )
    return text_sources.with_validation(documents, args.validation_fraction)


def where(args: argparse.Namespace) -> str:
    names = job.pairs(args.files if args.source == "files" else args.splits)
    return str(names.get(args.split, f"corpus.source: {args.source}, {args.split} split"))
