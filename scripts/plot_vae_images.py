"""Draw the same latents and test images, decoded and reconstructed by each generation of every method."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from matplotlib.figure import Figure

from collapse.artefacts import checked_manifest
from collapse.figures import write_figure
from collapse.images.sources import pixel_array
from scripts.shared import job
from scripts.shared.report_file import report_file
from scripts.shared.rows import first_to_last

KINDS = {"random latent": "random latents", "reconstruction": "test images"}
GAP = 1  # pixels between images


@report_file(__doc__, write_figure)
def main(vae: Path, method: list[str], seed: int, generation: list[int], intervals: pd.DataFrame) -> tuple[Figure, str]:
    methods = job.pairs(method)  # each with the method whose generation 0 it shares
    rows, columns = len(generation), 0
    figure, axes = plt.subplots(2, len(methods), squeeze=False)
    for column, (name, first) in enumerate(methods.items()):
        shown: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}
        for number in generation:
            folder = vae / (name if number else first) / f"seed{seed}" / f"generation{number}"
            place = {"seed": seed, "generation": number}
            checked_manifest(folder / "manifest.json", "autoencoder evaluation", place)
            for kind in KINDS:
                shown[kind].append(pictures(folder / "images.parquet", kind))
        for axis, (kind, images) in zip(axes[:, column], shown.items(), strict=True):
            columns = max(columns, len(images[0]))
            axis.imshow(mosaic(images), cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
            axis.set(title=f"{job.arm_name(name)}: {KINDS[kind]}", xticks=[])
            step = images[0].shape[-1] + GAP
            axis.set_yticks([step * row + step / 2 for row in range(rows)], generation)
            axis.tick_params(length=0)
            axis.spines[:].set_visible(False)
    for axis in axes[:, 0]:
        axis.set_ylabel("generation")
    figure.set_size_inches(0.29 * columns * len(methods), 0.58 * rows + 1.2)
    figure.tight_layout()
    last = int(intervals["generation"].max())
    return figure, (
        f"**Random latents, decoded, and real test images, reconstructed, by generations "
        f"{', '.join(map(str, generation))}** of seed {seed}. A column is one latent or one image, the same in every "
        "generation. Images that no longer differ from column to column have collapsed: "
        f"the standard deviation of a pixel (0 to 1) over generated images, mean over pixels and seeds, goes from "
        f"generation 0 to {last}: {first_to_last(intervals, 'pixel_sd')}.\n"
    )


def pictures(path: Path, kind: str) -> np.ndarray:
    """Read the images (columns, side, side) of one kind."""
    table = pq.ParquetFile(path).read(["kind", "pixels"])
    chosen = np.array(table.column("kind").to_pylist()) == kind
    pixels: np.ndarray = pixel_array(table.column("pixels"))[chosen][:, 0]
    return pixels


def mosaic(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Join rows of images into one picture, with white between them."""
    padded = [np.pad(row, ((0, 0), (GAP, 0), (GAP, 0))) for row in rows]
    return np.vstack([np.hstack(list(row)) for row in padded])
