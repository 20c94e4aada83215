"""Fine-tune the base model on the training set of one generation."""

from collections.abc import Sequence
from pathlib import Path

import torch

from collapse.artefacts import checked_manifest, read_blocks, write_manifest
from collapse.finetuning import train
from collapse.language_model import load_model, write_model
from collapse.seeds import derive_seed
from scripts import job


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add_place(parser)
    parser.add_argument("--training-set", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    for name in ("epochs", "batch-blocks", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("learning-rate", "final-learning-rate", "weight-decay"):
        parser.add_argument(f"--{name}", type=float, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    work = job.Job(args.benchmark)
    torch.set_num_threads(args.threads)

    manifest = args.training_set.with_suffix(".manifest.json")
    checked_manifest(manifest, "training set", {"arm": args.arm, "seed": args.seed, "generation": args.generation})
    checked_manifest(args.base / "manifest.json", "base model")
    blocks, _ = read_blocks(args.training_set)
    model = load_model(args.base)
    # generation 0 sees human text alone: arms that train alike share it, so its seed does not name the arm
    chain = "human" if args.generation == 0 else args.arm
    with work:
        losses = train(
            model,
            blocks,
            epochs=args.epochs,
            batch_blocks=args.batch_blocks,
            learning_rate=args.learning_rate,
            final_learning_rate=args.final_learning_rate,
            weight_decay=args.weight_decay,
            seed=derive_seed(args.seed, chain, args.generation, "finetune"),
            progress=lambda step, steps, loss: work.progress(step, steps, f"steps, loss {loss:.2f}"),
        )
    write_manifest(
        args.output / "manifest.json",
        kind="model",
        files=write_model(model, args.output),
        parents=[manifest, args.base / "manifest.json"],
        code=args.code,
        options={
            "arm": args.arm,
            "seed": args.seed,
            "generation": args.generation,
            "epochs": args.epochs,
            "batch_blocks": args.batch_blocks,
            "learning_rate": args.learning_rate,
            "final_learning_rate": args.final_learning_rate,
            "weight_decay": args.weight_decay,
            "threads": args.threads,
            "loss_by_epoch": losses,
        },
    )
    work.finish()


if __name__ == "__main__":
    job.run(main)
