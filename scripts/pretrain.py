"""Train a small OPT from random weights: the base model that every generation starts from."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from collapse.artefacts import checked_manifest, read_blocks, write_manifest
from collapse.finetuning import train
from collapse.language_model import new_opt, write_model
from collapse.seeds import derive_seed
from collapse.tokenizer import write_tokenizer
from scripts import job


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--text", type=Path, required=True, help="folder of prepare_pretraining")
    for name in ("layers", "width", "heads", "positions", "epochs", "batch-blocks", "seed", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("dropout", "learning-rate", "final-learning-rate", "weight-decay"):
        parser.add_argument(f"--{name}", type=float, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    work = job.Job(args.benchmark)
    torch.set_num_threads(args.threads)

    checked_manifest(args.text / "manifest.json", "pretraining text")
    blocks, _ = read_blocks(args.text / "blocks.parquet")
    tokenizer = (args.text / "tokenizer.json").read_text()
    model = new_opt(
        vocabulary_size=len(json.loads(tokenizer)["model"]["vocab"]),
        layers=args.layers,
        width=args.width,
        heads=args.heads,
        positions=args.positions,
        dropout=args.dropout,
        seed=derive_seed(args.seed, "pretrain", "weights"),
    )
    with work:
        losses = train(
            model,
            blocks,
            epochs=args.epochs,
            batch_blocks=args.batch_blocks,
            learning_rate=args.learning_rate,
            final_learning_rate=args.final_learning_rate,
            weight_decay=args.weight_decay,
            seed=derive_seed(args.seed, "pretrain", "training"),
            progress=lambda step, steps, loss: work.progress(step, steps, f"steps, loss {loss:.2f}"),
        )
    files = write_model(model, args.output) + write_tokenizer(tokenizer, args.output)
    write_manifest(
        args.output / "manifest.json",
        kind="base model",
        files=files,
        parents=[args.text / "manifest.json"],
        code=args.code,
        options={
            "source": "pretrain",
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "loss_by_epoch": losses,
            "threads": args.threads,
            "seed": args.seed,
        },
    )
    work.finish()


if __name__ == "__main__":
    job.run(main)
