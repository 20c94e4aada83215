"""Train the classifier of real images whose features and classes judge generated images."""

from collections.abc import Sequence
from pathlib import Path

import torch

from collapse.images.distance import features_and_classes, train_classifier
from collapse.images.sources import read_images
from collapse.images.storage import write_weights
from collapse.seeds import derive_seed
from scripts.shared import job
from scripts.shared.step import IMAGE_LIBRARIES, Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add(parser, Path, "output", images="folder of prepare_images")
    job.add(parser, int, "epochs", "threads")
    args = parser.parse_args(argv)
    step = Step(args)
    torch.set_num_threads(args.threads)

    for split in ("train", "test"):
        classes = step.check(args.images / f"{split}.manifest.json", "real images", {"split": split})["classes"]
    train, test = (read_images(args.images / f"{split}.parquet") for split in ("train", "test"))
    with step:
        model = train_classifier(
            torch.from_numpy(train.pixels).float() / 255,
            torch.from_numpy(train.labels),
            classes,
            args.epochs,
            derive_seed("vae", "classifier"),
            progress=lambda done, steps, loss: step.progress(done, steps, f"steps, loss {loss:.3f}"),
        )
    _, predicted = features_and_classes(model, torch.from_numpy(test.pixels).float() / 255)
    write_weights(model, args.output / "model.safetensors")
    accuracy = (predicted == torch.from_numpy(test.labels)).double().mean().item()
    recorded = {"epochs": args.epochs, "classes": classes, "test_accuracy": accuracy, "threads": args.threads}
    files = [args.output / "model.safetensors"]
    step.write(args.output / "manifest.json", "image classifier", files, recorded, IMAGE_LIBRARIES)
