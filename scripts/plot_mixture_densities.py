"""Pictures of one chain's density at the kept generations, one row for each original."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pyarrow.parquet as pq
from matplotlib.axes import Axes

from collapse.artefacts import write_text
from collapse.figures import set_style, write_figure
from scripts.shared import job


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--densities", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    rows = pq.ParquetFile(args.densities).read().to_pylist()
    originals = list(dict.fromkeys(row["original"] for row in rows))
    generations = list(dict.fromkeys(row["generation"] for row in rows))
    half = rows[0]["half_width"]
    set_style()
    figure, axes = plt.subplots(
        len(originals), len(generations), figsize=(1.5 * len(generations), 1.7 * len(originals)), squeeze=False
    )
    for row in rows:
        axis = axes[originals.index(row["original"]), generations.index(row["generation"])]
        draw(axis, row["density"])
        if axis in axes[0]:
            axis.set_title(f"{row['generation']:,}", fontsize=9)
        if axis in axes[:, 0]:
            axis.set_ylabel(row["original"])
    figure.tight_layout()
    write_figure(figure, args.output)
    write_text(
        args.output.with_suffix(".rst"),
        f"**One chain's density at generations {', '.join(f'{one:,}' for one in generations)}**, "
        f"M = {rows[0]['samples']:,}. Each picture shows the square from −{half:g} to {half:g} and is scaled to "
        "its own highest value; a density narrower than a picture element is drawn as one.\n",
    )


def draw(axis: Axes, density: Sequence[int]) -> None:
    """One picture, brightest where the density is highest."""
    side = round(len(density) ** 0.5)
    values = np.asarray(density).reshape(side, side)
    axis.imshow(values, origin="lower", cmap="magma", vmin=0, vmax=255, interpolation="bilinear")
    axis.set(xticks=[], yticks=[])


if __name__ == "__main__":
    job.run(main)
