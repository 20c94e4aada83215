"""Draw the three errors by generation, one at a time and together, beside their theory."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.ticker import MaxNLocator

from collapse.artefacts import write_text
from collapse.figures import set_style, write_figure
from scripts.shared import job
from scripts.shared.theory import agreement

NAMES = {
    "statistical": "statistical only",
    "expressivity": "expressivity only",
    "approximation": "function approximation only",
    "all": "all three",
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--errors", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    table = pd.read_csv(args.errors)
    set_style()
    figure, axis = plt.subplots(figsize=(6, 4))
    for colour, (error, name) in zip(sns.color_palette(n_colors=len(NAMES)), NAMES.items(), strict=True):
        rows = table.loc[table["error"] == error]
        axis.plot(rows["generation"], rows["simulated"], "o", color=colour, markersize=4, label=name)
        axis.plot(rows["generation"], rows["exact"], color=colour)
        axis.fill_between(rows["generation"], rows["q05"], rows["q95"], color=colour, alpha=0.12, linewidth=0)
    axis.set(xlabel="generation", ylabel="squared distance W₂² to the truth", yscale="log")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    sns.despine()
    write_figure(figure, args.output)
    last = int(table["generation"].max())
    sentences = []
    for error, name in NAMES.items():
        seen = table.loc[table["error"] == error].set_index("generation")["simulated"]
        sentences.append(f"{name}: {seen[1]:.2g} at generation 1, {seen[last]:.2g} at {last}")
    write_text(
        args.output.with_suffix(".rst"),
        f"**The three errors, one at a time and together.** {'; '.join(sentences)}. Dots are means over chains, bands "
        f"hold 90% of chains, lines are exact. {agreement(job.read_json(args.metrics))}\n",
    )


if __name__ == "__main__":
    job.run(main)
