"""Draw variants of a refitted normal distribution, some of which keep its error finite, beside their theory."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from collapse.artefacts import write_text
from collapse.figures import set_style, write_figure
from scripts.shared import job
from scripts.shared.rows import select

NAMES = {
    "unbiased": "M points, unbiased",
    "biased": "M points, biased variance",
    "linear": "M·k points",
    "superlinear": "superlinear sample size",
    "accumulate": "accumulate all samples",
    "real": "share of real points",
}
PANELS = {"w2_squared": "squared distance W₂²", "mean_squared_error": "squared error of a mean", "variance": "variance"}


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--trajectory", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    table = pd.read_csv(args.trajectory)
    table[["variant", "dimensions"]] = table["setting"].str.split(" ", expand=True)
    samples = table["samples"].min()
    table = table.loc[table["samples"] == samples]
    variants = [one for one in NAMES if one in set(table["variant"])]
    dimensions = list(table["dimensions"].unique())
    set_style()
    figure, axes = plt.subplots(
        len(PANELS), len(dimensions), figsize=(4 * len(dimensions), 8.5), sharex=True, squeeze=False
    )
    for row, (quantity, label) in enumerate(PANELS.items()):
        for column, dimension in enumerate(dimensions):
            axis = axes[row, column]
            for colour, variant in zip(sns.color_palette(n_colors=len(variants)), variants, strict=True):
                rows = select(table, variant=variant, dimensions=dimension, quantity=quantity)
                axis.plot(rows["generation"], rows["simulated"], "o", color=colour, markersize=4, label=NAMES[variant])
                axis.plot(rows["generation"], rows["exact"], color=colour)
                if rows["exact"].isna().all():
                    axis.plot(rows["generation"], rows["approximate"], color=colour, linestyle="--", linewidth=1)
            axis.set(xscale="log", yscale="log", ylabel=label if column == 0 else "")
            if row == 0:
                axis.set_title(dimension.removesuffix("d") + (" dimension" if dimension == "1d" else " dimensions"))
            if quantity == "variance":
                axis.set_xlabel("generation")
                axis.set_ylim(max(axis.get_ylim()[0], 1e-5), None)
    figure.tight_layout()
    sns.despine()
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="upper center", ncols=3, bbox_to_anchor=(0.5, 1.09))
    write_figure(figure, args.output)
    write_text(args.output.with_suffix(".rst"), caption(table, variants, dimensions[0], int(samples)))


def caption(table: pd.DataFrame, variants: list[str], dimension: str, samples: int) -> str:
    sentences = []
    for variant in variants:
        error = select(table, variant=variant, dimensions=dimension, quantity="mean_squared_error").iloc[-1]
        spread = select(table, variant=variant, dimensions=dimension, quantity="variance").iloc[-1]
        sentences.append(
            f"{NAMES[variant]}: {error['exact']:.3g} and {spread['median']:.2g} (exact mean {spread['exact']:.2g})"
        )
    return (
        f"**Variants of the refitted normal distribution**, M = {samples:,}, dimension {dimension[:-1]}: exact squared "
        f"error of the mean, and median variance, at generation {int(table['generation'].max()):,}. "
        f"{'; '.join(sentences)}. "
        "Dots are means over chains, lines exact expectations, dashed lines first order.\n"
    )


if __name__ == "__main__":
    job.run(main)
