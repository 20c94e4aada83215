"""Find the passage that every generation continues: the tokens that begin where a search string first occurs."""

from collections.abc import Sequence
from pathlib import Path

from collapse.artefacts import write_json
from collapse.corpus.blocks import passage
from collapse.corpus.sources import SPLITS, SourceError
from scripts.prepare_corpus import add_source, read_documents, read_tokenizer
from scripts.shared import job
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    add_source(parser)
    parser.add_argument("--search", required=True, help="words that the passage begins with")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    timer = Timer(args.benchmark)

    documents, tokenizer = read_documents(args), read_tokenizer(args)
    for split in reversed(SPLITS):  # prefer text that no model was trained on
        tokens = passage(documents[split], args.search, tokenizer, args.block_tokens)
        if tokens is not None and len(tokens) == args.block_tokens:
            ids = tokens.tolist()
            write_json(args.output, {"split": split, "input_ids": ids, "text": tokenizer.decode(ids)})
            timer.finish()
            return
    raise SourceError(
        f"text.passage.search: {args.search!r} stands nowhere in the corpus with {args.block_tokens} tokens "
        "from there on; choose words that the corpus contains"
    )
