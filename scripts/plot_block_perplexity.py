"""Histogram of the perplexity of each synthetic block under generation 0, by generation."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import seaborn as sns

from collapse.artefacts import write_text
from collapse.figures import legend_beside, panels, set_style, write_figure
from scripts.shared import job
from scripts.shared.job import arm_name


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--histogram", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    histogram = pd.read_csv(args.histogram)
    arms, generations = histogram["arm"].unique(), sorted(histogram["generation"].unique())
    set_style()
    figure, axes = panels([arm_name(arm) for arm in arms])
    palette = sns.color_palette("viridis", len(generations))
    for axis, arm in zip(axes, arms, strict=True):
        for colour, generation in zip(palette, generations, strict=True):
            bins = histogram.loc[(histogram["arm"] == arm) & (histogram["generation"] == generation)]
            edges = [*bins["low"], bins["high"].iloc[-1]]
            axis.stairs(bins["share"], edges, color=colour, linewidth=1.6, label=str(generation))
        axis.set(xlabel="perplexity under generation 0", xscale="log")
    axes[0].set_ylabel("share of synthetic blocks")
    legend_beside(axes, "generation")
    sns.despine()
    write_figure(figure, args.output)
    write_text(args.output.with_suffix(".rst"), caption(histogram, generations))


def caption(histogram: pd.DataFrame, generations: list[int]) -> str:
    sentences = []
    for arm in histogram["arm"].unique():
        modes = []
        for generation in (generations[0], generations[-1]):
            bins = histogram.loc[(histogram["arm"] == arm) & (histogram["generation"] == generation)]
            fullest = bins.iloc[int(bins["share"].argmax())]
            modes.append(f"{fullest['low']:.3g}–{fullest['high']:.3g} ({fullest['share']:.0%} of blocks)")
        sentences.append(f"{arm_name(arm)}: the fullest bin moves from {modes[0]} to {modes[1]}")
    return (
        f"**Perplexity of synthetic blocks under generation 0**, generations {', '.join(map(str, generations))}, seeds "
        f"pooled, log axis. {'; '.join(sentences)}. Low values are sequences that the original model finds likely, "
        "repeated ever more often; high values are sequences it would never write.\n"
    )


if __name__ == "__main__":
    job.run(main)
