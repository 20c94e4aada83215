"""Chains of a normal distribution by generation and sample size: distance, spread and errors beside their theory."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from collapse.figures import draw_band, legend_above, subplots, write_figure
from scripts.shared.report_file import report_file
from scripts.shared.rows import select

SHOWN = "unbiased 1d"
PANELS = {
    "w2_squared": "squared distance W₂²",
    "sd": "standard deviation",
    "mean_error": "error of the mean |μ − μ̂|",
    "sd_error": "error of the deviation |σ − σ̂|",
}
LINES: dict[str, dict[str, Any]] = {"exact": {}, "approximate": {"linestyle": "--", "linewidth": 1}}
SD_LINES: dict[str, dict[str, Any]] = {
    "exact": {"linestyle": ":"},
    "q05_lognormal": {"linewidth": 0.6},
    "median_lognormal": {"linewidth": 1.4},
    "q95_lognormal": {"linewidth": 0.6},
}
LINE_NAMES: dict[Any, str] = {"-": "exact; quantiles of σ", "--": "approximation", ":": "exact mean of σ"}


@report_file(__doc__, write_figure)
def main(trajectory: pd.DataFrame, metrics: dict[str, Any]) -> tuple[Figure, str]:
    setting = SHOWN if SHOWN in set(trajectory["setting"]) else trajectory["setting"].iloc[0]
    table = select(trajectory, setting=setting)
    sizes = sorted(table["samples"].unique())
    palette = sns.color_palette("viridis", len(sizes))
    panels = {quantity: label for quantity, label in PANELS.items() if quantity in set(table["quantity"])}
    figure, axes = subplots(-(-len(panels) // 2), 2, (8, 1.5 * len(panels) + 1), sharex=True)
    for axis in axes.flat[len(panels) :]:  # several dimensions have no single deviation
        axis.set_visible(False)
    for axis, (quantity, label) in zip(axes.flat, panels.items(), strict=False):
        for colour, samples in zip(palette, sizes, strict=True):
            rows = select(table, quantity=quantity, samples=samples)
            centre = "median" if quantity == "sd" else "simulated"
            axis.plot(rows["generation"], rows[centre], "o", color=colour, markersize=4)
            draw_band(axis, rows, colour, alpha=0.12)
            for column, style in (SD_LINES if quantity == "sd" else LINES).items():
                axis.plot(rows["generation"], rows[column], color=colour, **style)
        axis.set(ylabel=label, xscale="log", yscale="log")
        if quantity == "sd":
            axis.set_ylim(max(axis.get_ylim()[0], 1e-4), None)
    for axis in axes[-1]:
        axis.set_xlabel("generation")
    handles = [
        *(
            Line2D([], [], color=colour, marker="o", linestyle="none", label=f"M = {samples:,}")
            for colour, samples in zip(palette, sizes, strict=True)
        ),
        *(Line2D([], [], color="black", linestyle=style, label=name) for style, name in LINE_NAMES.items()),
    ]
    legend_above(figure, height=1.09, columns=4, handles=handles)
    return figure, caption(table, setting, sizes, metrics)


def caption(table: pd.DataFrame, setting: str, sizes: list[int], metrics: dict[str, Any]) -> str:
    last = int(table["generation"].max())
    sentences = []
    for samples in sizes:
        at_last = select(table, samples=samples, generation=last).set_index("quantity")
        sentence = f"M = {samples:,}: median W₂² {at_last['median']['w2_squared']:.2g}"
        if "sd" in at_last.index:
            sd = at_last.loc["sd"]
            sentence += (
                f", median σ {sd['median']:.2g} (theory {sd['median_lognormal']:.2g}), "
                f"90% of chains {sd['q05']:.2g}–{sd['q95']:.2g}"
            )
        sentences.append(sentence)
    return (
        f"**A normal distribution sampled and refitted** ({setting}, σ = 1), generation {last:,}. "
        f"{'; '.join(sentences)}. Dots are means over chains (medians for σ), bands hold 90% of chains. Once k "
        "exceeds M squares have so heavy a tail that few chains carry their mean, and dots may leave the line. Of "
        f"{metrics['rows']} comparisons with exact expectations before that, over all variants (theory.csv), "
        f"{metrics['rows_beyond_3_standard_errors']} lie beyond 3 standard errors.\n"
    )
