"""Test perplexity by generation: each arm's mean with its interval over seeds, and each seed."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from collapse.figures import colours, draw_seeds, legend_beside, panels, write_figure
from scripts.shared.job import arm_name
from scripts.shared.report_file import report_file
from scripts.shared.rows import select

MEASURES = {
    "test_perplexity": "all targets",
    "test_perplexity_without_end_of_text": "without end-of-text targets",
}


@report_file(__doc__, write_figure)
def main(summary: pd.DataFrame, intervals: pd.DataFrame, confidence: float) -> tuple[Figure, str]:
    arms = summary["arm"].unique()
    figure, axes = panels([*MEASURES.values()])
    for axis, measure in zip(axes, MEASURES, strict=True):
        for colour, arm in zip(colours(len(arms)), arms, strict=True):
            seeds, means = (select(table, arm=arm, metric=measure) for table in (summary, intervals))
            draw_seeds(axis, seeds, means, colour, arm_name(arm))
        axis.set(xlabel="generation", yscale="log")
        axis.set_xticks(sorted(summary["generation"].unique()))
    axes[0].set_ylabel("perplexity of human test text")
    axes[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes[0].yaxis.set_major_formatter("{x:.0f}")
    axes[0].yaxis.set_minor_formatter(NullFormatter())
    legend_beside(axes, "arm")
    return figure, caption(intervals, confidence)


def caption(intervals: pd.DataFrame, confidence: float) -> str:
    sentences = []
    for arm in intervals["arm"].unique():
        rows = select(intervals, arm=arm, metric="test_perplexity")
        first, last = rows.iloc[0], rows.iloc[-1]
        sentences.append(
            f"{arm_name(arm)}: from {first['mean']:.0f} to {last['mean']:.0f}"
            + (f" ({confidence:.0%} interval {last['low']:.0f}–{last['high']:.0f})" if last["seeds"] > 1 else "")
        )
    seeds = int(intervals["seeds"].max())
    last_generation = int(intervals["generation"].max())
    return (
        f"**Test perplexity, generation 0 to {last_generation}.** {'; '.join(sentences)}. "
        f"Thin lines are the {seeds} seeds, thick lines their mean, bands a percentile bootstrap over seeds "
        "(with few seeds it is coarse). Left, every target of the human test blocks; right, without end-of-text "
        "targets, which synthetic text never holds, so that a rise on the left alone would be no collapse.\n"
    )
