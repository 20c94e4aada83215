"""Pictures of one chain's density at the kept generations, one row for each original."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from collapse.figures import write_figure
from scripts.shared.report_file import report_file


@report_file(__doc__, write_figure)
def main(densities: Path) -> tuple[Figure, str]:
    rows = pq.ParquetFile(densities).read().to_pylist()
    originals = list(dict.fromkeys(row["original"] for row in rows))
    generations = list(dict.fromkeys(row["generation"] for row in rows))
    half = rows[0]["half_width"]
    size = (1.5 * len(generations), 1.7 * len(originals))
    figure, axes = plt.subplots(len(originals), len(generations), figsize=size, squeeze=False)
    for row in rows:
        axis = axes[originals.index(row["original"]), generations.index(row["generation"])]
        draw(axis, row["density"])
        if axis in axes[0]:
            axis.set_title(f"{row['generation']:,}", fontsize=9)
        if axis in axes[:, 0]:
            axis.set_ylabel(row["original"])
    figure.tight_layout()
    return figure, (
        f"**One chain's density at generations {', '.join(f'{generation:,}' for generation in generations)}**, "
        f"M = {rows[0]['samples']:,}. Each picture shows the square from −{half:g} to {half:g} and is scaled to "
        "its own highest value; a density narrower than a picture element is drawn as one.\n"
    )


def draw(axis: Axes, density: Sequence[int]) -> None:
    """Draw a density as a picture, brightest where it is highest."""
    side = round(len(density) ** 0.5)
    values = np.asarray(density).reshape(side, side)
    axis.imshow(values, origin="lower", cmap="magma", vmin=0, vmax=255, interpolation="bilinear")
    axis.set(xticks=[], yticks=[])
