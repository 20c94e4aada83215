"""Draw the three errors by generation, one at a time and together, beside their theory."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from collapse.figures import draw_band, legend_beside, subplots, write_figure
from scripts.shared.report_file import report_file
from scripts.shared.rows import select
from scripts.shared.theory import agreement

NAMES = {
    "statistical": "statistical only",
    "expressivity": "expressivity only",
    "approximation": "function approximation only",
    "all": "all three",
}


@report_file(__doc__, write_figure)
def main(errors: pd.DataFrame, metrics: dict[str, Any]) -> tuple[Figure, str]:
    figure, axes = subplots(1, 1, (6, 4))
    axis = axes[0, 0]
    last = int(errors["generation"].max())
    sentences = []
    for colour, (error, name) in zip(sns.color_palette(n_colors=len(NAMES)), NAMES.items(), strict=True):
        rows = select(errors, error=error)
        axis.plot(rows["generation"], rows["simulated"], "o", color=colour, markersize=4, label=name)
        axis.plot(rows["generation"], rows["exact"], color=colour)
        draw_band(axis, rows, colour, alpha=0.12)
        distances = rows.set_index("generation")["simulated"]
        sentences.append(f"{name}: {distances[1]:.2g} at generation 1, {distances[last]:.2g} at {last}")
    axis.set(xlabel="generation", ylabel="squared distance W₂² to the truth", yscale="log")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_beside([axis])
    return figure, (
        f"**The three errors, one at a time and together.** {'; '.join(sentences)}. Dots are means over chains, bands "
        f"hold 90% of chains, lines are exact. {agreement(metrics)}\n"
    )
