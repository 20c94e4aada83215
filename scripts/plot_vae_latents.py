"""Latent means of generated images under the first encoder, generation by generation."""

import math

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from collapse.figures import subplots, write_figure
from scripts.shared.job import arm_name
from scripts.shared.report_file import report_file
from scripts.shared.rows import first_to_last, select


@report_file(__doc__, write_figure)
def main(latents: pd.DataFrame, intervals: pd.DataFrame, generation: list[int]) -> tuple[Figure, str]:
    methods = latents["method"].unique()
    figure, axes = subplots(1, len(methods), (2.8 * len(methods) + 1, 3.4), sharey=True)
    reach = math.ceil(latents.loc[latents["density"] > 0, "latent_mean"].abs().max())
    palette = sns.color_palette("rocket", len(generation) + 1)
    for axis, method in zip(axes[0], methods, strict=True):
        for colour, number in zip(palette, generation, strict=False):
            bins = select(latents, method=method, generation=number)
            density = bins["density"].where(bins["density"] > 0)  # an empty bin has no place on a log axis
            axis.plot(bins["latent_mean"], density, color=colour, linewidth=1.4, label=f"{number}")
        axis.set(title=arm_name(method), xlabel="latent mean", yscale="log", xlim=(-reach, reach))
    axes[0, 0].set_ylabel("density")
    axes[0, -1].legend(title="generation", frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    figure.tight_layout()
    return figure, (
        "**Latent means of generated images under generation 0's encoder.** All dimensions are pooled, densities are "
        "means over seeds, and the axis is logarithmic so that tails can be seen. σ, their standard "
        f"deviation within a dimension, goes from generation 0 to {intervals['generation'].max()}: "
        f"{first_to_last(intervals, 'latent_mean_sd')}; what is left between dimensions is the distance of their "
        "means.\n"
    )
