"""Histogram of the perplexity of each synthetic block under generation 0, by generation."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from collapse.figures import legend_beside, panels, write_figure
from scripts.shared.job import arm_name
from scripts.shared.report_file import report_file
from scripts.shared.rows import select


@report_file(__doc__, write_figure)
def main(histogram: pd.DataFrame) -> tuple[Figure, str]:
    arms, generations = histogram["arm"].unique(), sorted(histogram["generation"].unique())
    figure, axes = panels([arm_name(arm) for arm in arms])
    palette = sns.color_palette("viridis", len(generations))
    for axis, arm in zip(axes, arms, strict=True):
        for colour, generation in zip(palette, generations, strict=True):
            bins = select(histogram, arm=arm, generation=generation)
            edges = [*bins["low"], bins["high"].iloc[-1]]
            axis.stairs(bins["share"], edges, color=colour, linewidth=1.6, label=str(generation))
        axis.set(xlabel="perplexity under generation 0", xscale="log")
    axes[0].set_ylabel("share of synthetic blocks")
    legend_beside(axes, "generation")
    return figure, caption(histogram, generations)


def caption(histogram: pd.DataFrame, generations: list[int]) -> str:
    sentences = []
    for arm in histogram["arm"].unique():
        modes = []
        for generation in (generations[0], generations[-1]):
            bins = select(histogram, arm=arm, generation=generation)
            fullest = bins.iloc[int(bins["share"].argmax())]
            modes.append(f"{fullest['low']:.3g}–{fullest['high']:.3g} ({fullest['share']:.0%} of blocks)")
        sentences.append(f"{arm_name(arm)}: the fullest bin moves from {modes[0]} to {modes[1]}")
    return (
        f"**Perplexity of synthetic blocks under generation 0**, generations {', '.join(map(str, generations))}, seeds "
        f"pooled, log axis. {'; '.join(sentences)}. Low values are sequences that the original model finds likely, "
        "repeated ever more often; high values are sequences it would never write.\n"
    )
