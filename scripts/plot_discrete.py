"""Discrete chains by generation: heterozygosity beside its closed form, symbols left, entropy, and absorbed chains."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from collapse.figures import draw_band, legend_above, subplots, write_figure
from scripts.shared.report_file import report_file
from scripts.shared.rows import select

PANELS = {
    "heterozygosity": "heterozygosity 1 − Σp²",
    "support": "symbols left",
    "entropy": "entropy (nats)",
    "absorbed": "share of chains absorbed",
}


@report_file(__doc__, write_figure)
def main(trajectory: pd.DataFrame, metrics: dict[str, Any]) -> tuple[Figure, str]:
    settings = list(trajectory[["setting", "samples"]].drop_duplicates().itertuples(index=False, name=None))
    figure, axes = subplots(2, 2, (8, 6), sharex=True)
    for axis, (quantity, label) in zip(axes.flat, PANELS.items(), strict=True):
        for colour, (setting, samples) in zip(sns.color_palette(n_colors=len(settings)), settings, strict=True):
            rows = select(trajectory, setting=setting, samples=samples, quantity=quantity)
            name = f"{setting}, M = {samples:,}"
            axis.plot(rows["generation"], rows["simulated"], "o", color=colour, markersize=4, label=name)
            if quantity != "absorbed":  # a yes or no has no band
                draw_band(axis, rows, colour)
            axis.plot(rows["generation"], rows["exact"], color=colour, linewidth=1.5)
        axis.set(ylabel=label, xscale="log")
    axes[0, 1].set_yscale("log")
    for axis in axes[1]:
        axis.set_xlabel("generation")
    legend_above(figure, height=1.08, columns=2)
    return figure, caption(trajectory, settings, metrics)


def caption(table: pd.DataFrame, settings: list[tuple[str, int]], metrics: dict[str, Any]) -> str:
    sentences = []
    for setting, samples in settings:
        absorbed = select(table, setting=setting, samples=samples, quantity="absorbed").iloc[-1]
        left = select(table, setting=setting, samples=samples, quantity="support").iloc[-1]
        sentences.append(
            f"{setting}, M = {samples:,}: {absorbed['simulated']:.1%} of chains have one symbol left at generation "
            f"{absorbed['generation']:,}, on average {left['simulated']:.1f} symbols"
        )
    return (
        f"**A distribution sampled and refitted.** {'; '.join(sentences)}. Dots are means over chains, bands hold 90% "
        "of them, lines are the closed form H₀(1 − 1/M)^k of the heterozygosity. Of "
        f"{metrics['rows']} comparisons with exact expectations (theory.csv) "
        f"{metrics['rows_beyond_3_standard_errors']} lie beyond 3 standard errors.\n"
    )
