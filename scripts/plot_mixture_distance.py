"""Distance of refitted mixtures to the original, and their variance, by generation and sample size."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from collapse.figures import draw_band, grid, legend_above, write_figure
from scripts.shared.report_file import report_file
from scripts.shared.rows import select

PANELS = {"l2_distance": "L2 distance of the densities", "relative_variance": "total variance (share of the original)"}
TITLES = {"overlapping": "two overlapping Gaussians", "blob": "one blob"}


@report_file(__doc__, write_figure)
def main(summary: pd.DataFrame) -> tuple[Figure, str]:
    table = summary.loc[summary["generation"] > 0]
    originals, sizes = list(table["original"].unique()), sorted(table["samples"].unique())
    titles = [TITLES.get(original, original) for original in originals]
    figure, axes = grid([*PANELS.values()], titles, (4 * len(originals), 6), sharey="row")
    for row, quantity in zip(axes, PANELS, strict=True):
        for axis, original in zip(row, originals, strict=True):
            for colour, samples in zip(sns.color_palette("viridis", len(sizes)), sizes, strict=True):
                rows = select(table, original=original, samples=samples, quantity=quantity)
                axis.plot(rows["generation"], rows["median"], color=colour, label=f"M = {samples:,}")
                draw_band(axis, rows, colour)
            axis.set_yscale("log")
    legend_above(figure, height=1.05, columns=5)
    return figure, caption(table, originals, sizes)


def caption(table: pd.DataFrame, originals: list[str], sizes: list[int]) -> str:
    sentences = []
    for original in originals:
        parts = []
        for samples in sizes:
            distance = select(table, original=original, samples=samples, quantity="l2_distance").iloc[-1]
            collapsed = select(table, original=original, samples=samples, quantity="collapsed").iloc[-1]
            spread = select(table, original=original, samples=samples, quantity="relative_variance").iloc[-1]
            parts.append(
                f"M = {samples:,}: distance {distance['median']:.2g}, variance {spread['median']:.2g}, "
                f"{collapsed['simulated']:.0%} of chains below 1%"
            )
        sentences.append(f"{original}: {', '.join(parts)}")
    last = int(table["generation"].max())
    return (
        f"**Mixtures sampled and refitted by EM.** Medians over chains at generation {last:,}. {'; '.join(sentences)}. "
        "Lines are medians, bands hold 90% of chains; the distance is the root of the integrated squared difference of "
        "the densities, in closed form. What is added to every covariance (mixture.regularization) sets the floor that "
        "chains of small M reach.\n"
    )
