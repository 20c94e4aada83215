"""Latent means of generated images under the first encoder, generation by generation."""

import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from collapse.artefacts import write_text
from collapse.figures import set_style, write_figure
from scripts.shared import job
from scripts.shared.job import arm_name


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--intervals", type=Path, required=True)
    parser.add_argument(
        "--generation", type=int, action="append", required=True, help="drawn; the caption has the last"
    )
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    latents, intervals = pd.read_csv(args.latents), pd.read_csv(args.intervals)
    methods = latents["method"].unique()
    set_style()
    size = (2.8 * len(methods) + 1, 3.4)
    figure, axes = plt.subplots(1, len(methods), figsize=size, sharey=True, squeeze=False)
    reach = math.ceil(latents.loc[latents["density"] > 0, "latent_mean"].abs().max())
    palette = sns.color_palette("rocket", len(args.generation) + 1)
    for axis, method in zip(axes[0], methods, strict=True):
        for colour, generation in zip(palette, args.generation, strict=False):
            one = latents[(latents["method"] == method) & (latents["generation"] == generation)]
            density = one["density"].where(one["density"] > 0)  # an empty bin has no place on a log axis
            axis.plot(one["latent_mean"], density, color=colour, linewidth=1.4, label=f"{generation}")
        axis.set(title=arm_name(method), xlabel="latent mean", yscale="log", xlim=(-reach, reach))
    axes[0, 0].set_ylabel("density")
    axes[0, -1].legend(title="generation", frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    sns.despine()
    figure.tight_layout()
    write_figure(figure, args.output)
    write_text(args.output.with_suffix(".rst"), caption(intervals))


def caption(intervals: pd.DataFrame) -> str:
    last = int(intervals["generation"].max())
    sentences = []
    for method in intervals["method"].unique():
        rows = intervals[(intervals["method"] == method) & (intervals["metric"] == "latent_mean_sd")]
        means = rows.set_index("generation")["mean"]
        sentences.append(f"{arm_name(method)}: from {means[0]:.3f} to {means[last]:.3f}")
    return (
        "**Latent means of generated images under generation 0's encoder.** All dimensions are pooled, densities are "
        "means over seeds, and the axis is logarithmic so that tails can be seen. σ, their standard "
        f"deviation within a dimension, goes from generation 0 to {last}: {'; '.join(sentences)}; what is left between "
        "dimensions is the distance of their means.\n"
    )


if __name__ == "__main__":
    job.run(main)
