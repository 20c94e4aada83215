"""Measure one generation's autoencoder: spread, distance and classes of its images, loss of real images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from collapse.artefacts import write_json, write_text
from collapse.images import measures
from collapse.images.autoencoder import VariationalAutoencoder
from collapse.images.methods import sample_means
from collapse.images.sources import pixel_lists, read_images
from collapse.images.storage import load_autoencoder, load_classifier
from collapse.seeds import derive_seed
from collapse.tables import write_columns
from scripts.shared import job
from scripts.shared.step import IMAGE_LIBRARIES, Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add(parser, str, method="real for generation 0")
    job.add(
        parser, Path, "output", model="folder of train_vae", generation0_model="the same for generation 0 of the seed"
    )
    job.add(parser, Path, classifier="folder of train_classifier", real="folder of prepare_images")
    job.add(parser, int, "seed", "generation", "images", "shown", "threads")
    args = parser.parse_args(argv)
    step = Step(args)
    torch.set_num_threads(args.threads)

    place = {"method": args.method, "seed": args.seed, "generation": args.generation}
    step.check(args.model / "manifest.json", "autoencoder", place)
    first_place = {"method": "real", "seed": args.seed, "generation": 0}
    step.check(args.generation0_model / "manifest.json", "autoencoder", first_place)
    classes = step.check(args.classifier / "manifest.json", "image classifier")["classes"]
    for split in ("train", "test"):
        step.check(args.real / f"{split}.manifest.json", "real images", {"split": split})
    model, first, classifier = (
        load_autoencoder(args.model / "model.safetensors"),
        load_autoencoder(args.generation0_model / "model.safetensors"),
        load_classifier(args.classifier / "model.safetensors"),
    )
    test = real_images(args.real / "test.parquet")

    purpose = (args.seed, args.method, args.generation, "vae")
    with step:
        generated = sample_means(model, args.images, derive_seed(*purpose, "generated"))
        numbers, density = measures.evaluate(
            model,
            first,
            classifier,
            generated=generated,
            test=test,
            train=real_images(args.real / "train.parquet") if args.generation == 0 else None,
            classes=classes,
            seed=derive_seed(*purpose, "test latents"),
        )
    files = [args.output / name for name in ("images.parquet", "latents.csv", "metrics.json")]
    write_pictures(files[0], model, test[: args.shown], args.shown, args.seed)
    write_density(files[1], density)
    write_json(files[2], {**place, **numbers})
    recorded = place | {"images": args.images, "shown": args.shown, "threads": args.threads}
    step.write(args.output / "manifest.json", "autoencoder evaluation", files, recorded, IMAGE_LIBRARIES)


def real_images(path: Path) -> Tensor:
    """Read images as (n, 1, side, side) in 0 … 1."""
    return torch.from_numpy(read_images(path).pixels).float() / 255


def write_density(path: Path, density: np.ndarray) -> None:
    """Write a row for each bin of LATENT_EDGES."""
    edges = measures.LATENT_EDGES.round(6).tolist()
    rows = [f"{low},{high},{value}" for low, high, value in zip(edges[:-1], edges[1:], density.tolist(), strict=True)]
    write_text(path, "\n".join(["low,high,density", *rows]) + "\n")


def write_pictures(path: Path, model: VariationalAutoencoder, test: Tensor, shown: int, seed: int) -> None:
    """Write decoded images of `shown` latents, the same for all models of a seed, and reconstructed test images."""
    samples = sample_means(model, shown, derive_seed(seed, "vae", "shown"))
    pictures = torch.cat([samples, measures.reconstructions(model, test)])
    write_columns(
        path,
        {
            "kind": ["random latent"] * shown + ["reconstruction"] * len(test),
            "column": np.array([*range(shown), *range(len(test))], dtype=np.int32),
            "pixels": pixel_lists((pictures * 255).round().byte().numpy()),
        },
    )
