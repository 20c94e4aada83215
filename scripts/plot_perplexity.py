"""Test perplexity by generation: each arm's mean with its interval over seeds, and each seed."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib.ticker import LogLocator, NullFormatter

from collapse.artefacts import write_text
from collapse.figures import colours, legend_beside, panels, set_style, write_figure
from scripts.shared import job
from scripts.shared.job import arm_name
from scripts.shared.rows import select

MEASURES = {
    "test_perplexity": "all targets",
    "test_perplexity_without_end_of_text": "without end-of-text targets",
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--summary", type=Path, required=True)
    parser.add_argument("--intervals", type=Path, required=True)
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    summary, intervals = pd.read_csv(args.summary), pd.read_csv(args.intervals)
    set_style()
    arms = summary["arm"].unique()
    figure, axes = panels([*MEASURES.values()])
    for axis, measure in zip(axes, MEASURES, strict=True):
        for colour, arm in zip(colours(len(arms)), arms, strict=True):
            seeds = select(summary, arm=arm, metric=measure)
            for _, one in seeds.groupby("seed"):
                axis.plot(one["generation"], one["value"], color=colour, linewidth=0.7, alpha=0.5)
            mean = select(intervals, arm=arm, metric=measure)
            axis.plot(mean["generation"], mean["mean"], color=colour, linewidth=2, marker="o", label=arm_name(arm))
            axis.fill_between(mean["generation"], mean["low"], mean["high"], color=colour, alpha=0.2, linewidth=0)
        axis.set(xlabel="generation", yscale="log")
        axis.set_xticks(sorted(summary["generation"].unique()))
    axes[0].set_ylabel("perplexity of human test text")
    axes[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes[0].yaxis.set_major_formatter("{x:.0f}")
    axes[0].yaxis.set_minor_formatter(NullFormatter())
    legend_beside(axes, "arm")
    sns.despine()
    write_figure(figure, args.output)
    write_text(args.output.with_suffix(".rst"), caption(intervals, args.confidence))


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


if __name__ == "__main__":
    job.run(main)
