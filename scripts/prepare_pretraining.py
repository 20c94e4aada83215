"""Make the text that the small base model is pretrained on, and its tokenizer."""

from collections.abc import Sequence
from pathlib import Path

from collapse.artefacts import whole_file
from collapse.corpus.blocks import to_blocks
from collapse.corpus.sources import read_lines, stdlib_docstrings, text_sha256
from collapse.corpus.tokenizer import train_tokenizer
from collapse.tables import write_blocks
from collapse.training.options import PretrainingText
from scripts.shared import job, options
from scripts.shared.step import Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    options.add(parser, PretrainingText)
    job.add(parser, int, "block_tokens")
    job.add(parser, Path, "output")
    args = parser.parse_args(argv)
    step = Step(args)

    if args.text == "docstrings":
        documents = stdlib_docstrings()
    else:
        documents = [line for path in args.files for line in read_lines(Path(path))]
    tokenizer = train_tokenizer(documents, args.vocabulary_size)
    blocks = to_blocks(documents, tokenizer, args.block_tokens)

    files = [args.output / name for name in ("tokenizer.json", "blocks.parquet")]
    with whole_file(files[0]) as temporary:
        tokenizer.save(str(temporary))
    write_blocks(files[1], blocks, {})
    recorded = {
        "text": args.text,
        "documents": len(documents),
        "words": sum(len(document.split()) for document in documents),
        "blocks": len(blocks),
        "text_sha256": text_sha256(documents),
    }
    step.write(args.output / "manifest.json", "pretraining text", files, recorded)
