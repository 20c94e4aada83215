"""Train the classifier of real images whose features and classes judge generated ones."""

from collections.abc import Sequence
from pathlib import Path

import torch

from collapse.artefacts import checked_manifest, write_manifest
from collapse.images.distance import features_and_classes, train_classifier
from collapse.images.sources import read_images
from collapse.images.storage import write_weights
from collapse.seeds import derive_seed
from scripts.shared import job
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--images", type=Path, required=True, help="folder of prepare_images")
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)
    torch.set_num_threads(args.threads)

    parents = [args.images / f"{split}.manifest.json" for split in ("train", "test")]
    classes = checked_manifest(parents[0], "real images", {"split": "train"})["options"]["classes"]
    checked_manifest(parents[1], "real images", {"split": "test"})
    train, test = (read_images(args.images / f"{split}.parquet") for split in ("train", "test"))
    with work:
        model = train_classifier(
            torch.from_numpy(train.pixels).float() / 255,
            torch.from_numpy(train.labels),
            classes,
            args.epochs,
            derive_seed("vae", "classifier"),
            progress=lambda step, steps, loss: work.progress(step, steps, f"steps, loss {loss:.3f}"),
        )
    _, predicted = features_and_classes(model, torch.from_numpy(test.pixels).float() / 255)
    write_weights(model, args.output / "model.safetensors")
    write_manifest(
        args.output / "manifest.json",
        kind="image classifier",
        files=[args.output / "model.safetensors"],
        parents=parents,
        code=args.code,
        libraries=("numpy", "pyarrow", "safetensors", "torch"),
        options={
            "epochs": args.epochs,
            "classes": classes,
            "test_accuracy": (predicted == torch.from_numpy(test.labels)).double().mean().item(),
            "threads": args.threads,
        },
    )
    work.finish()
