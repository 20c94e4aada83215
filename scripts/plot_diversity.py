"""Draw the diversity of the synthetic text by generation."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from collapse.artefacts import write_text
from collapse.figures import colours, legend_beside, set_style, write_figure
from scripts.shared import job
from scripts.shared.job import arm_name
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


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--intervals", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    intervals = pd.read_csv(args.intervals)
    arms = intervals["arm"].unique()
    set_style()
    figure, axes = plt.subplots(2, 4, figsize=(12, 5.4), sharex=True, layout="constrained")
    for axis, (measure, title) in zip(axes.flat, MEASURES.items(), strict=True):
        for colour, arm in zip(colours(len(arms)), arms, strict=True):
            line = select(intervals, arm=arm, metric=measure)
            axis.plot(line["generation"], line["mean"], color=colour, marker=".", label=arm_name(arm))
            axis.fill_between(line["generation"], line["low"], line["high"], color=colour, alpha=0.2, linewidth=0)
        axis.set_title(title, fontsize="medium")
        axis.set_xticks(sorted(intervals["generation"].unique()))
    for axis in axes[1]:
        axis.set_xlabel("generation")
    legend_beside(axes[0], "arm")
    sns.despine()
    write_figure(figure, args.output)
    write_text(args.output.with_suffix(".rst"), caption(intervals))


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


if __name__ == "__main__":
    job.run(main)
