"""Train one generation's autoencoder: on real images, or on what the generation before it makes of them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch

from collapse.artefacts import checked_manifest, write_manifest
from collapse.images.autoencoder import new_model, train
from collapse.images.methods import METHODS, Training
from collapse.images.options import Autoencoder
from collapse.images.sources import read_images
from collapse.images.storage import load_autoencoder, write_weights
from collapse.seeds import derive_seed
from scripts.shared import job, options
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--method", choices=["real", *METHODS], required=True, help="real for generation 0")
    parser.add_argument("--images", type=Path, required=True, help="folder of prepare_images")
    parser.add_argument("--previous", type=Path, help="folder of the model before; none for generation 0")
    for name in ("seed", "generation", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options.add(parser, Autoencoder)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)
    torch.set_num_threads(args.threads)

    if len({args.method == "real", args.generation == 0, args.previous is None}) > 1:
        raise ValueError(
            f"--method {args.method} --generation {args.generation} --previous {args.previous}: generation 0 is "
            "trained on real images and has no previous model, every other generation has a method and one"
        )
    parents = [args.images / "train.manifest.json"]
    checked_manifest(parents[0], "real images", {"split": "train"})
    real = torch.from_numpy(read_images(args.images / "train.parquet").pixels).float() / 255
    place = {"method": args.method, "seed": args.seed, "generation": args.generation}
    where = () if args.generation == 0 else (args.method,)
    purpose = (args.seed, *where, args.generation, "vae")
    training: Training = real
    if args.previous:
        parents.append(args.previous / "manifest.json")
        before = {"method": args.method if args.generation > 1 else "real", "generation": args.generation - 1}
        checked_manifest(parents[1], "autoencoder", {**place, **before})
        previous = load_autoencoder(args.previous / "model.safetensors")
        if previous.side != real.shape[-1]:
            raise ValueError(
                f"{args.previous}: a model of {previous.side} × {previous.side} pixels, the real images have "
                f"{real.shape[-1]}; delete it and run again"
            )
        training = METHODS[args.method](previous, len(real), derive_seed(*purpose, "synthetic set"), args.precision)

    model = new_model(real.shape[-1], args.capacity, args.latent_dimensions, seed=derive_seed(*purpose, "weights"))
    with work:
        losses = train(
            model,
            training,
            epochs=args.epochs,
            batch_images=args.batch_images,
            learning_rate=args.learning_rate,
            weight_decay=args.weight_decay,
            seed=derive_seed(*purpose, "training"),
            precision=args.precision,
            progress=lambda step, steps, loss: work.progress(step, steps, f"steps, loss {loss:.1f}"),
        )
    write_weights(model, args.output / "model.safetensors")
    write_manifest(
        args.output / "manifest.json",
        kind="autoencoder",
        files=[args.output / "model.safetensors"],
        parents=parents,
        code=args.code,
        libraries=("numpy", "pyarrow", "safetensors", "torch"),
        options={
            **place,
            "capacity": args.capacity,
            "latent_dimensions": args.latent_dimensions,
            "epochs": args.epochs,
            "batch_images": args.batch_images,
            "learning_rate": args.learning_rate,
            "weight_decay": args.weight_decay,
            "precision": args.precision,
            "threads": args.threads,
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "loss_by_epoch": losses,
            "training_images": len(real),
            "synthetic_set_sha256": set_sha256(training) if args.previous else None,
        },
    )
    work.finish()


def set_sha256(training: Training) -> str | None:
    """Fingerprint of a synthetic set, which is not kept: it can be made again from the model before; None if fresh."""
    return hashlib.sha256(training.numpy().tobytes()).hexdigest() if isinstance(training, torch.Tensor) else None
