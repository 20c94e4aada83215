"""Draw the diversity of the synthetic text by generation."""

import pandas as pd
from matplotlib.figure import Figure

from collapse.figures import colours, draw_mean, legend_beside, panels, write_figure
from scripts.shared.job import arm_name
from scripts.shared.report_file import report_file
from scripts.shared.rows import select

MEASURES = {
    "distinct_1": "distinct-1",
    "distinct_2": "distinct-2",
    "distinct_4": "distinct-4",
    "repeated_ngrams": "repeated n-grams within a block",
    "unigram_entropy": "unigram entropy (nats)",
    "vocabulary_coverage": "share of human vocabulary",
    "identical_blocks": "share of identical blocks",
    "synthetic_perplexity": "perplexity under its own model",
}


@report_file(__doc__, write_figure)
def main(intervals: pd.DataFrame) -> tuple[Figure, str]:
    arms = intervals["arm"].unique()
    figure, axes = panels([*MEASURES.values()], (3, 2.7), sharex=True, sharey=False)
    for axis, measure in zip(axes, MEASURES, strict=True):
        for colour, arm in zip(colours(len(arms)), arms, strict=True):
            draw_mean(axis, select(intervals, arm=arm, metric=measure), colour, arm_name(arm), marker=".")
        axis.set_xticks(sorted(intervals["generation"].unique()))
    for axis in axes[4:]:
        axis.set_xlabel("generation")
    legend_beside(axes, "arm")
    return figure, caption(intervals)


def caption(intervals: pd.DataFrame) -> str:
    sentences = []
    for arm in intervals["arm"].unique():
        parts = []
        for measure in ("distinct_4", "vocabulary_coverage"):
            line = select(intervals, arm=arm, metric=measure)["mean"]
            parts.append(f"{MEASURES[measure]} from {line.iloc[0]:.3f} to {line.iloc[-1]:.3f}")
        sentences.append(f"{arm_name(arm)}: {', '.join(parts)}")
    return (
        f"**Diversity of the synthetic text by generation.** {'; '.join(sentences)}. Measured on output tokens alone, "
        "never on prompts. Bands are bootstrap intervals over seeds.\n"
    )
