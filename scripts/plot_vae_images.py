"""Draw the same latents and test images, decoded and reconstructed by each generation of every method."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from collapse.artefacts import checked_manifest, write_text
from collapse.figures import set_style, write_figure
from collapse.images.sources import pixel_array
from scripts.shared import job
from scripts.shared.job import arm_name

KINDS = {"random latent": "random latents", "reconstruction": "test images"}
GAP = 1  # pixels between images


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--vae", type=Path, required=True, help="results/<experiment>/vae")
    parser.add_argument("--method", action="append", required=True, metavar="METHOD=OWNER OF ITS GENERATION 0")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--generation", type=int, action="append", required=True)
    parser.add_argument("--intervals", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    methods = job.pairs(args.method)
    set_style()
    rows = len(args.generation)
    columns = 0
    figure, axes = plt.subplots(2, len(methods), figsize=(2.9 * len(methods), 0.58 * rows + 1.2), squeeze=False)
    for column, (method, owner) in enumerate(methods.items()):
        folders = [
            args.vae / (method if generation else owner) / f"seed{args.seed}" / f"generation{generation}"
            for generation in args.generation
        ]
        for folder, generation in zip(folders, args.generation, strict=True):
            place = {"seed": args.seed, "generation": generation}
            checked_manifest(folder / "manifest.json", "autoencoder evaluation", place)
        for axis, kind in zip(axes[:, column], KINDS, strict=True):
            shown = [pictures(folder / "images.parquet", kind) for folder in folders]
            columns = max(columns, len(shown[0]))
            axis.imshow(mosaic(shown), cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
            axis.set(title=f"{arm_name(method)}: {KINDS[kind]}", xticks=[])
            step = shown[0].shape[-1] + GAP
            axis.set_yticks([step * row + step / 2 for row in range(rows)], args.generation)
            axis.tick_params(length=0)
            axis.spines[:].set_visible(False)
    for axis in axes[:, 0]:
        axis.set_ylabel("generation")
    figure.set_size_inches(0.29 * columns * len(methods), 0.58 * rows + 1.2)
    figure.tight_layout()
    write_figure(figure, args.output)
    write_text(args.output.with_suffix(".rst"), caption(pd.read_csv(args.intervals), args.seed, args.generation))


def pictures(path: Path, kind: str) -> np.ndarray:
    """Images (columns, side, side) of one kind, of one generation."""
    table = pq.ParquetFile(path).read(["kind", "pixels"])
    chosen = np.array(table.column("kind").to_pylist()) == kind
    return pixel_array(table.column("pixels"))[chosen][:, 0]


def mosaic(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of images as one picture, with white between them."""
    padded = [np.pad(row, ((0, 0), (GAP, 0), (GAP, 0))) for row in rows]
    return np.vstack([np.hstack(list(row)) for row in padded])


def caption(intervals: pd.DataFrame, seed: int, generations: Sequence[int]) -> str:
    last = int(intervals["generation"].max())
    sentences = []
    for method in intervals["method"].unique():
        rows = intervals[(intervals["method"] == method) & (intervals["metric"] == "pixel_sd")]
        means = rows.set_index("generation")["mean"]
        sentences.append(f"{arm_name(method)}: from {means[0]:.3f} to {means[last]:.3f}")
    return (
        f"**Random latents, decoded, and real test images, reconstructed, by generations "
        f"{', '.join(map(str, generations))}** of seed {seed}. A column is one latent or one image, the same in every "
        "generation. Images that no longer differ from column to column have collapsed: "
        f"the standard deviation of a pixel (0 to 1) over generated images, mean over pixels and seeds, goes from "
        f"generation 0 to {last}: {'; '.join(sentences)}.\n"
    )


if __name__ == "__main__":
    job.run(main)
