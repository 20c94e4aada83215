"""Chains of a normal distribution by generation and sample size: distance, spread and errors beside their theory."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D

from collapse.artefacts import write_text
from collapse.figures import set_style, write_figure
from scripts.shared import job
from scripts.shared.rows import select

SHOWN = "unbiased 1d"
PANELS = {
    "w2_squared": "squared distance W₂²",
    "sd": "standard deviation",
    "mean_error": "error of the mean |μ − μ̂|",
    "sd_error": "error of the deviation |σ − σ̂|",
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--trajectory", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    everything = pd.read_csv(args.trajectory)
    setting = SHOWN if SHOWN in set(everything["setting"]) else everything["setting"].iloc[0]
    table = everything.loc[everything["setting"] == setting]
    sizes = sorted(table["samples"].unique())
    set_style()
    panels = {quantity: label for quantity, label in PANELS.items() if quantity in set(table["quantity"])}
    figure, axes = plt.subplots(-(-len(panels) // 2), 2, figsize=(8, 1.5 * len(panels) + 1), sharex=True, squeeze=False)
    for axis in axes.flat[len(panels) :]:  # several dimensions have no single deviation
        axis.set_visible(False)
    for axis, (quantity, label) in zip(axes.flat, panels.items(), strict=False):
        for colour, samples in zip(sns.color_palette("viridis", len(sizes)), sizes, strict=True):
            rows = select(table, quantity=quantity, samples=samples)
            centre = "median" if quantity == "sd" else "simulated"
            axis.plot(rows["generation"], rows[centre], "o", color=colour, markersize=4)
            axis.fill_between(rows["generation"], rows["q05"], rows["q95"], color=colour, alpha=0.12, linewidth=0)
            if quantity == "sd":
                axis.plot(rows["generation"], rows["exact"], color=colour, linestyle=":")
                for one in ("q05_lognormal", "median_lognormal", "q95_lognormal"):
                    axis.plot(rows["generation"], rows[one], color=colour, linewidth=1.4 if "median" in one else 0.6)
            else:
                axis.plot(rows["generation"], rows["exact"], color=colour)
                axis.plot(rows["generation"], rows["approximate"], color=colour, linestyle="--", linewidth=1)
        axis.set(ylabel=label, xscale="log", yscale="log")
        if quantity == "sd":
            axis.set_ylim(max(axis.get_ylim()[0], 1e-4), None)
    for axis in axes[-1]:
        axis.set_xlabel("generation")
    figure.tight_layout()
    sns.despine()
    handles = [
        Line2D([], [], color=colour, marker="o", linestyle="none", label=f"M = {samples:,}")
        for colour, samples in zip(sns.color_palette("viridis", len(sizes)), sizes, strict=True)
    ] + [
        Line2D([], [], color="black", linestyle="-", label="exact; quantiles of σ"),
        Line2D([], [], color="black", linestyle="--", label="approximation"),
        Line2D([], [], color="black", linestyle=":", label="exact mean of σ"),
    ]
    figure.legend(handles=handles, frameon=False, loc="upper center", ncols=4, bbox_to_anchor=(0.5, 1.09))
    write_figure(figure, args.output)
    write_text(args.output.with_suffix(".rst"), caption(table, setting, sizes, job.read_json(args.metrics)))


def caption(table: pd.DataFrame, setting: str, sizes: list[int], metrics: dict) -> str:
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


if __name__ == "__main__":
    job.run(main)
