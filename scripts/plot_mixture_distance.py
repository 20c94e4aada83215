"""Distance of refitted mixtures to the original, and their variance, by generation and sample size."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from collapse.artefacts import write_text
from collapse.figures import set_style, write_figure
from scripts.shared import job
from scripts.shared.rows import select

PANELS = {"l2_distance": "L2 distance of the densities", "relative_variance": "total variance (share of the original)"}


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--summary", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    table = pd.read_csv(args.summary)
    table = table.loc[table["generation"] > 0]
    originals, sizes = list(table["original"].unique()), sorted(table["samples"].unique())
    set_style()
    figure, axes = plt.subplots(
        2, len(originals), figsize=(4 * len(originals), 6), sharex=True, sharey="row", squeeze=False
    )
    for row, (quantity, label) in enumerate(PANELS.items()):
        for column, original in enumerate(originals):
            axis = axes[row, column]
            for colour, samples in zip(sns.color_palette("viridis", len(sizes)), sizes, strict=True):
                rows = select(table, original=original, samples=samples, quantity=quantity)
                axis.plot(rows["generation"], rows["median"], color=colour, label=f"M = {samples:,}")
                axis.fill_between(rows["generation"], rows["q05"], rows["q95"], color=colour, alpha=0.15, linewidth=0)
            axis.set(yscale="log", ylabel=label if column == 0 else "")
            if row == 0:
                axis.set_title({"overlapping": "two overlapping Gaussians", "blob": "one blob"}.get(original, original))
            else:
                axis.set_xlabel("generation")
    figure.tight_layout()
    sns.despine()
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="upper center", ncols=5, bbox_to_anchor=(0.5, 1.05))
    write_figure(figure, args.output)
    write_text(args.output.with_suffix(".rst"), caption(table, originals, sizes))


def caption(table: pd.DataFrame, originals: list[str], sizes: list[int]) -> str:
    sentences = []
    for original in originals:
        parts = []
        for samples in sizes:
            distance = select(table, original=original, samples=samples, quantity="l2_distance").iloc[-1]
            collapsed = select(table, original=original, samples=samples, quantity="collapsed").iloc[-1]
            spread = select(table, original=original, samples=samples, quantity="relative_variance").iloc[-1]
            parts.append(
                f"M = {samples:,}: distance {distance['median']:.2g}, variance {spread['median']:.2g}, "
                f"{collapsed['simulated']:.0%} of chains below 1%"
            )
        sentences.append(f"{original}: {', '.join(parts)}")
    last = int(table["generation"].max())
    return (
        f"**Mixtures sampled and refitted by EM.** Medians over chains at generation {last:,}. {'; '.join(sentences)}. "
        "Lines are medians, bands hold 90% of chains; the distance is the root of the integrated squared difference of "
        "the densities, in closed form. What is added to every covariance (mixture.regularization) sets the floor that "
        "chains of small M reach.\n"
    )


if __name__ == "__main__":
    job.run(main)
