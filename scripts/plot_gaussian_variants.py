"""Draw variants of a refitted normal distribution, some of which keep its error finite, beside their theory."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from collapse.figures import grid, legend_above, write_figure
from scripts.shared.report_file import report_file
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


@report_file(__doc__, write_figure)
def main(trajectory: pd.DataFrame) -> tuple[Figure, str]:
    samples = trajectory["samples"].min()
    table = select(trajectory, samples=samples)
    table[["variant", "dimensions"]] = table["setting"].str.split(" ", expand=True)
    variants = [variant for variant in NAMES if variant in set(table["variant"])]
    dimensions = list(table["dimensions"].unique())
    titles = [f"{name[:-1]} {'dimension' if name == '1d' else 'dimensions'}" for name in dimensions]
    figure, axes = grid([*PANELS.values()], titles, (4 * len(dimensions), 8.5))
    for row, quantity in zip(axes, PANELS, strict=True):
        for axis, dimension in zip(row, dimensions, strict=True):
            for colour, variant in zip(sns.color_palette(n_colors=len(variants)), variants, strict=True):
                rows = select(table, variant=variant, dimensions=dimension, quantity=quantity)
                axis.plot(rows["generation"], rows["simulated"], "o", color=colour, markersize=4, label=NAMES[variant])
                axis.plot(rows["generation"], rows["exact"], color=colour)
                if rows["exact"].isna().all():
                    axis.plot(rows["generation"], rows["approximate"], color=colour, linestyle="--", linewidth=1)
            axis.set(xscale="log", yscale="log")
            if quantity == "variance":
                axis.set_ylim(max(axis.get_ylim()[0], 1e-5), None)
    legend_above(figure, height=1.09, columns=3)
    return figure, caption(table, variants, dimensions[0], int(samples))


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
