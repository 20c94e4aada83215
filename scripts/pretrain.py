"""Train a small OPT from random weights: the base model that every generation starts from."""

import json
from collections.abc import Sequence
from pathlib import Path

from collapse.artefacts import checked_manifest, write_manifest
from collapse.corpus.tokenizer import write_tokenizer
from collapse.models.transformers_files import new_opt, write_model
from collapse.seeds import derive_seed
from collapse.tables import read_blocks
from collapse.training.options import Architecture, Training
from scripts.shared import job, options, training
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--text", type=Path, required=True, help="folder of prepare_pretraining")
    parser.add_argument("--positions", type=int, required=True)
    options.add(parser, Architecture)
    training.add_arguments(parser, Training)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    checked_manifest(args.text / "manifest.json", "pretraining text")
    blocks, _ = read_blocks(args.text / "blocks.parquet")
    tokenizer = (args.text / "tokenizer.json").read_text()
    new = new_opt(
        vocabulary_size=len(json.loads(tokenizer)["model"]["vocab"]),
        layers=args.layers,
        width=args.width,
        heads=args.heads,
        positions=args.positions,
        dropout=args.dropout,
        seed=derive_seed(args.seed, "pretrain", "weights"),
    )
    seed = derive_seed(args.seed, "pretrain", "training")
    model, losses, _ = training.run(args, Training, work, dict(new.state_dict()), new.config.to_dict(), blocks, seed)
    new.load_state_dict(model.state_dict(), strict=False)  # the output matrix is the embedding
    files = write_model(new, args.output) + write_tokenizer(tokenizer, args.output)
    write_manifest(
        args.output / "manifest.json",
        kind="base model",
        files=files,
        parents=[args.text / "manifest.json"],
        code=args.code,
        options={
            "source": "pretrain",
            "parameters": model.weights.numel(),
            "loss_by_epoch": losses,
            "seed": args.seed,
            **training.deciding(args, Training),
        },
    )
    args.checkpoint.unlink(missing_ok=True)
    work.finish()
