"""Spread, distance and classes of generated images by generation: each method's mean with its interval."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.ticker import MaxNLocator

from collapse.artefacts import write_text
from collapse.figures import set_style, write_figure
from scripts.shared import job
from scripts.shared.job import arm_name
from scripts.shared.rows import select

MEASURES = {
    "latent_mean_sd": "σ of the latent mean",
    "frechet_distance": "Fréchet distance to real test images",
    "classes": "classes with 1% of images or more",
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
    figure, axes = plt.subplots(1, len(MEASURES), figsize=(3.6 * len(MEASURES), 3.4))
    for axis, (measure, title) in zip(axes, MEASURES.items(), strict=True):
        for colour, method in zip(sns.color_palette(), summary["method"].unique(), strict=False):
            for _, one in select(summary, method=method, metric=measure).groupby("seed"):
                axis.plot(one["generation"], one["value"], color=colour, linewidth=0.7, alpha=0.5)
            mean = select(intervals, method=method, metric=measure)
            axis.plot(mean["generation"], mean["mean"], color=colour, linewidth=2, marker="o", label=arm_name(method))
            axis.fill_between(mean["generation"], mean["low"], mean["high"], color=colour, alpha=0.2, linewidth=0)
        axis.set(title=title, xlabel="generation")
        axis.set_ylim(bottom=0)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    axes[0].legend(title="trained on", frameon=False)
    sns.despine()
    figure.tight_layout()
    write_figure(figure, args.output)
    write_text(args.output.with_suffix(".rst"), caption(intervals, args.confidence))


def caption(intervals: pd.DataFrame, confidence: float) -> str:
    sentences = []
    for method in intervals["method"].unique():
        spread, distance, classes = (select(intervals, method=method, metric=measure) for measure in MEASURES)
        first, last = spread.iloc[0], spread.iloc[-1]
        sentences.append(
            f"{arm_name(method)}: σ from {first['mean']:.2f} to {last['mean']:.3f}"
            + (f" ({confidence:.0%} interval {last['low']:.3f}–{last['high']:.3f})" if last["seeds"] > 1 else "")
            + f", distance from {distance.iloc[0]['mean']:.1f} to {distance.iloc[-1]['mean']:.1f}, "
            f"classes from {classes.iloc[0]['mean']:.1f} to {classes.iloc[-1]['mean']:.1f}"
        )
    real = intervals.loc[intervals["metric"] == "real_latent_mean_sd", "mean"].iloc[0]
    last_generation = int(intervals["generation"].max())
    seeds = int(intervals["seeds"].max())
    return (
        f"**What generated images lose from generation 0 to {last_generation}.** {'; '.join(sentences)}. σ is the "
        "standard deviation, over generated images, of the latent mean under generation 0's encoder, averaged over "
        f"dimensions (real training images: {real:.2f}). The Fréchet distance and the classes are those of a small "
        f"classifier of the real images. Thin lines are the {seeds} seeds, thick lines their mean, bands a percentile "
        "bootstrap over seeds (with few seeds it is coarse).\n"
    )


if __name__ == "__main__":
    job.run(main)
