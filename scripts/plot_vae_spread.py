"""Spread, distance and classes of generated images by generation: each method's mean with its interval."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from collapse.figures import draw_seeds, subplots, write_figure
from scripts.shared.job import arm_name
from scripts.shared.report_file import report_file
from scripts.shared.rows import select

MEASURES = {
    "latent_mean_sd": "σ of the latent mean",
    "frechet_distance": "Fréchet distance to real test images",
    "classes": "classes with 1% of images or more",
}


@report_file(__doc__, write_figure)
def main(summary: pd.DataFrame, intervals: pd.DataFrame, confidence: float) -> tuple[Figure, str]:
    figure, axes = subplots(1, len(MEASURES), (3.6 * len(MEASURES), 3.4))
    for axis, (measure, title) in zip(axes[0], MEASURES.items(), strict=True):
        for colour, method in zip(sns.color_palette(), summary["method"].unique(), strict=False):
            seeds, means = (select(table, method=method, metric=measure) for table in (summary, intervals))
            draw_seeds(axis, seeds, means, colour, arm_name(method))
        axis.set(title=title, xlabel="generation")
        axis.set_ylim(bottom=0)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    axes[0, 0].legend(title="trained on", frameon=False)
    figure.tight_layout()
    return figure, caption(intervals, confidence)


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
