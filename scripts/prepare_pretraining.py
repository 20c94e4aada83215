"""Make the text that the small base model is pretrained on, and its tokenizer."""

from collections.abc import Sequence
from pathlib import Path

from collapse.artefacts import whole_file, write_manifest
from collapse.corpus.blocks import to_blocks
from collapse.corpus.sources import read_lines, stdlib_docstrings, text_sha256
from collapse.corpus.tokenizer import train_tokenizer
from collapse.tables import write_blocks
from collapse.training.options import PretrainingText
from scripts.shared import job, options
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    options.add(parser, PretrainingText)
    parser.add_argument("--block-tokens", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    if args.text == "docstrings":
        documents = stdlib_docstrings()
    else:
        documents = [line for path in args.files for line in read_lines(Path(path))]
    tokenizer = train_tokenizer(documents, args.vocabulary_size)
    blocks = to_blocks(documents, tokenizer, args.block_tokens)

    with whole_file(args.output / "tokenizer.json") as temporary:
        tokenizer.save(str(temporary))
    write_blocks(args.output / "blocks.parquet", blocks, {})
    write_manifest(
        args.output / "manifest.json",
        kind="pretraining text",
        files=[args.output / "tokenizer.json", args.output / "blocks.parquet"],
        parents=[],
        code=args.code,
        options={
            "text": args.text,
            "documents": len(documents),
            "words": sum(len(document.split()) for document in documents),
            "blocks": len(blocks),
            "text_sha256": text_sha256(documents),
        },
    )
    work.finish()
