"""Measure one generation's autoencoder: spread, distance and classes of its images, loss of real images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from collapse.artefacts import checked_manifest, write_json, write_manifest, write_text
from collapse.images import measures
from collapse.images.autoencoder import VariationalAutoencoder
from collapse.images.methods import sample_means
from collapse.images.sources import pixel_lists, read_images
from collapse.images.storage import load_autoencoder, load_classifier
from collapse.seeds import derive_seed
from collapse.tables import write_columns
from scripts.shared import job
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--method", required=True, help="real for generation 0")
    parser.add_argument("--model", type=Path, required=True, help="folder of train_vae")
    parser.add_argument("--generation0-model", type=Path, required=True, help="of the same seed")
    parser.add_argument("--classifier", type=Path, required=True, help="folder of train_classifier")
    parser.add_argument("--real", type=Path, required=True, help="folder of prepare_images")
    for name in ("seed", "generation", "images", "shown", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)
    torch.set_num_threads(args.threads)

    place = {"method": args.method, "seed": args.seed, "generation": args.generation}
    parents = [
        args.model / "manifest.json",
        args.generation0_model / "manifest.json",
        args.classifier / "manifest.json",
        args.real / "train.manifest.json",
        args.real / "test.manifest.json",
    ]
    checked_manifest(parents[0], "autoencoder", place)
    checked_manifest(parents[1], "autoencoder", {"method": "real", "seed": args.seed, "generation": 0})
    classes = checked_manifest(parents[2], "image classifier")["options"]["classes"]
    checked_manifest(parents[3], "real images", {"split": "train"})
    checked_manifest(parents[4], "real images", {"split": "test"})
    model, first, classifier = (
        load_autoencoder(args.model / "model.safetensors"),
        load_autoencoder(args.generation0_model / "model.safetensors"),
        load_classifier(args.classifier / "model.safetensors"),
    )
    test = real_images(args.real / "test.parquet")

    purpose = (args.seed, args.method, args.generation, "vae")
    with work:
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
    write_manifest(
        args.output / "manifest.json",
        kind="autoencoder evaluation",
        files=files,
        parents=parents,
        code=args.code,
        libraries=("numpy", "pyarrow", "safetensors", "torch"),
        options={**place, "images": args.images, "shown": args.shown, "threads": args.threads},
    )
    work.finish()


def real_images(path: Path) -> Tensor:
    """Images (n, 1, side, side) in [0, 1]."""
    return torch.from_numpy(read_images(path).pixels).float() / 255


def write_density(path: Path, density: np.ndarray) -> None:
    """A row for each bin of LATENT_EDGES."""
    edges = measures.LATENT_EDGES.round(6).tolist()
    rows = [f"{low},{high},{one}" for low, high, one in zip(edges[:-1], edges[1:], density.tolist(), strict=True)]
    write_text(path, "\n".join(["low,high,density", *rows]) + "\n")


def write_pictures(path: Path, model: VariationalAutoencoder, test: Tensor, shown: int, seed: int) -> None:
    """Decodings of `shown` latents, the same for every model of a seed, and reconstructions of the test images."""
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
