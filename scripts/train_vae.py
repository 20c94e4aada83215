"""Train one generation's autoencoder: on real images, or on images that the generation before makes."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch

from collapse.images.autoencoder import new_model, train
from collapse.images.methods import METHODS, Training
from collapse.images.options import Autoencoder
from collapse.images.sources import read_images
from collapse.images.storage import load_autoencoder, write_weights
from collapse.seeds import derive_seed
from scripts.shared import job, options
from scripts.shared.step import IMAGE_LIBRARIES, Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--method", choices=["real", *METHODS], required=True, help="real for generation 0")
    job.add(parser, Path, "output", images="folder of prepare_images")
    parser.add_argument("--previous", type=Path, help="folder of the previous model; left out for generation 0")
    job.add(parser, int, "seed", "generation", "threads")
    options.add(parser, Autoencoder)
    args = parser.parse_args(argv)
    step = Step(args)
    torch.set_num_threads(args.threads)

    if len({args.method == "real", args.generation == 0, args.previous is None}) > 1:
        raise ValueError(
            f"--method {args.method} --generation {args.generation} --previous {args.previous}: generation 0 is "
            "trained on real images and has no previous model; every other generation has a method and a previous model"
        )
    step.check(args.images / "train.manifest.json", "real images", {"split": "train"})
    real = torch.from_numpy(read_images(args.images / "train.parquet").pixels).float() / 255
    place = {"method": args.method, "seed": args.seed, "generation": args.generation}
    where = () if args.generation == 0 else (args.method,)
    purpose = (args.seed, *where, args.generation, "vae")
    training: Training = real
    if args.previous:
        before = {"method": args.method if args.generation > 1 else "real", "generation": args.generation - 1}
        step.check(args.previous / "manifest.json", "autoencoder", place | before)
        previous = load_autoencoder(args.previous / "model.safetensors")
        if previous.side != real.shape[-1]:
            raise ValueError(
                f"{args.previous}: a model of {previous.side} × {previous.side} pixels, but the real images have "
                f"{real.shape[-1]}; delete it and run again"
            )
        training = METHODS[args.method](previous, len(real), derive_seed(*purpose, "synthetic set"), args.precision)

    model = new_model(real.shape[-1], args.capacity, args.latent_dimensions, seed=derive_seed(*purpose, "weights"))
    with step:
        losses = train(
            model,
            training,
            epochs=args.epochs,
            batch_images=args.batch_images,
            learning_rate=args.learning_rate,
            weight_decay=args.weight_decay,
            seed=derive_seed(*purpose, "training"),
            precision=args.precision,
            progress=lambda done, steps, loss: step.progress(done, steps, f"steps, loss {loss:.1f}"),
        )
    write_weights(model, args.output / "model.safetensors")
    recorded = {
        **place,
        **options.values(args, Autoencoder),
        "threads": args.threads,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "loss_by_epoch": losses,
        "training_images": len(real),
        "synthetic_set_sha256": set_sha256(training) if args.previous else None,
    }
    step.write(
        args.output / "manifest.json", "autoencoder", [args.output / "model.safetensors"], recorded, IMAGE_LIBRARIES
    )


def set_sha256(training: Training) -> str | None:
    """Hash a synthetic set, which is not kept because the previous model can make it again; None for fresh images."""
    return hashlib.sha256(training.numpy().tobytes()).hexdigest() if isinstance(training, torch.Tensor) else None
