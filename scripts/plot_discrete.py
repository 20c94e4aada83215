"""Discrete chains by generation: heterozygosity beside its closed form, symbols left, entropy, and absorbed chains."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from collapse.artefacts import write_text
from collapse.figures import set_style, write_figure
from scripts.shared import job
from scripts.shared.rows import select

PANELS = {
    "heterozygosity": "heterozygosity 1 − Σp²",
    "support": "symbols left",
    "entropy": "entropy (nats)",
    "absorbed": "share of chains absorbed",
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--trajectory", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    table = pd.read_csv(args.trajectory)
    set_style()
    figure, axes = plt.subplots(2, 2, figsize=(8, 6), sharex=True)
    settings = list(table[["setting", "samples"]].drop_duplicates().itertuples(index=False, name=None))
    for axis, (quantity, label) in zip(axes.flat, PANELS.items(), strict=True):
        for colour, (setting, samples) in zip(sns.color_palette(n_colors=len(settings)), settings, strict=True):
            rows = select(table, setting=setting, samples=samples, quantity=quantity)
            axis.plot(
                rows["generation"],
                rows["simulated"],
                "o",
                color=colour,
                markersize=4,
                label=f"{setting}, M = {samples:,}",
            )
            if quantity != "absorbed":  # a yes or no has no band
                axis.fill_between(rows["generation"], rows["q05"], rows["q95"], color=colour, alpha=0.15, linewidth=0)
            axis.plot(rows["generation"], rows["exact"], color=colour, linewidth=1.5)
        axis.set(ylabel=label, xscale="log")
    axes[0, 1].set_yscale("log")
    for axis in axes[1]:
        axis.set_xlabel("generation")
    figure.tight_layout()
    sns.despine()
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.08))
    write_figure(figure, args.output)
    write_text(args.output.with_suffix(".rst"), caption(table, settings, job.read_json(args.metrics)))


def caption(table: pd.DataFrame, settings: list[tuple[str, int]], metrics: dict) -> str:
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


if __name__ == "__main__":
    job.run(main)
