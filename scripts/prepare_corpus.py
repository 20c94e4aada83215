"""Read the human text, cut it into blocks and find the passage that every generation continues."""

from collections.abc import Sequence
from pathlib import Path
from platform import python_version

import numpy as np

from collapse import text_sources
from collapse.artefacts import write_blocks, write_json, write_manifest
from collapse.blocks import evenly_spaced, passage, to_blocks
from collapse.text_sources import SPLITS, SourceError
from collapse.tokenizer import END_OF_TEXT, load_tokenizer
from scripts import job

TRAINING_RUN = 20  # neighbouring training blocks that are kept together


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--source", choices=["pydoc", "files", "hub"], required=True)
    parser.add_argument("--validation-fraction", type=float, required=True)
    parser.add_argument("--test-fraction", type=float, required=True)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--file", action="append", default=[], metavar="SPLIT=NAME")
    parser.add_argument("--repository")
    parser.add_argument("--configuration")
    parser.add_argument("--revision")
    parser.add_argument("--split", action="append", default=[], metavar="SPLIT=NAME")
    parser.add_argument("--text-column", required=True)
    parser.add_argument("--block-tokens", type=int, required=True)
    for split in SPLITS:
        parser.add_argument(f"--{split}-blocks", type=int, help="keep this many, spread evenly; all without it")
    parser.add_argument("--passage", required=True, help="text to search for; the passage begins there")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--tokenizer-manifest", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    work = job.Job(args.benchmark)

    documents = read_documents(args)
    tokenizer = load_tokenizer(args.tokenizer.parent)
    if tokenizer.token_to_id("</s>") != END_OF_TEXT:
        raise SourceError(f"{args.tokenizer}: </s> is not token {END_OF_TEXT}; give an OPT tokenizer")
    paths, counts = [], {}
    for split in SPLITS:
        try:
            blocks = to_blocks(documents[split], tokenizer, args.block_tokens)
        except ValueError as error:
            raise SourceError(f"{where(args, split)}: {error}") from error
        run = TRAINING_RUN if split == "train" else 1
        chosen = evenly_spaced(len(blocks), getattr(args, f"{split}_blocks"), run)
        paths.append(args.output / f"{split}.parquet")
        write_blocks(paths[-1], blocks[chosen], {"block": np.arange(len(chosen), dtype=np.int32)})
        counts[split] = {
            "documents": len(documents[split]),
            "blocks": len(blocks),
            "blocks_kept": len(chosen),
            "end_of_text_share": float((blocks[chosen] == END_OF_TEXT).mean()),
            "text_sha256": text_sources.text_sha256(documents[split]),
        }
    paths.append(args.output / "passage.json")
    write_json(paths[-1], find_passage(documents, tokenizer, args))
    write_manifest(
        args.output / "manifest.json",
        kind="corpus",
        files=paths,
        parents=[args.tokenizer_manifest],
        code=args.code,
        options={
            "source": args.source,
            "block_tokens": args.block_tokens,
            "splits": counts,
            "python": python_version() if args.source == "pydoc" else None,
            "repository": args.repository,
            "revision": args.revision,
        },
    )
    work.finish()


def read_documents(args) -> text_sources.Documents:
    if args.source == "pydoc":
        return text_sources.pydoc_topics(args.validation_fraction, args.test_fraction)
    if args.source == "files":
        documents = text_sources.local_files(args.folder, job.pairs(args.file), args.text_column)
    else:
        documents = text_sources.hub_dataset(
            args.repository, args.configuration, args.revision, job.pairs(args.split), args.text_column
        )
    return text_sources.with_validation(documents, args.validation_fraction)


def where(args, split: str) -> str:
    names = job.pairs(args.file if args.source == "files" else args.split)
    return str(names.get(split, f"corpus.source: {args.source}, {split} split"))


def find_passage(documents: text_sources.Documents, tokenizer, args) -> dict:
    for split in reversed(SPLITS):  # text that was not trained on, if possible
        found = passage(documents[split], args.passage, tokenizer, args.block_tokens)
        if found is not None and len(found) == args.block_tokens:
            return {"split": split, "input_ids": found.tolist(), "text": tokenizer.decode(found.tolist())}
    raise SourceError(
        f"text.passage.search: {args.passage!r} stands nowhere in the corpus with {args.block_tokens} tokens "
        "from there; choose words that the corpus holds"
    )


if __name__ == "__main__":
    job.run(main)
