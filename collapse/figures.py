"""Common style of all figures, and their files: equal data give equal SVG and PNG bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from collapse.artefacts import whole_file

matplotlib.use("Agg")

Colour = tuple[float, float, float]  # red, green, blue


def set_style() -> None:
    """Set seaborn's paper style. Text stays text in SVG files."""
    sns.set_theme(context="paper", style="ticks", palette="colorblind", font_scale=1.1)
    matplotlib.rcParams.update({"svg.hashsalt": "model-collapse", "svg.fonttype": "none", "figure.dpi": 100})


def write_figure(figure: Figure, path: Path) -> None:
    """Write an SVG to `path` and a PNG beside it, both without a date."""
    for suffix, metadata in ((".svg", {"Date": None}), (".png", {"Software": None})):
        with whole_file(path.with_suffix(suffix)) as temporary:
            figure.savefig(temporary, format=suffix[1:], dpi=200, bbox_inches="tight", metadata=metadata)


def colours(count: int) -> list[Colour]:
    """Return `count` different colours: the palette's own while there are enough, then evenly spaced hues."""
    palette = sns.color_palette()
    return list(palette[:count] if count <= len(palette) else sns.color_palette("husl", count))


MOST_IN_A_ROW = 4


def panels(titles: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """Make one panel for each title, in rows, with a common vertical axis. `legend_beside` adds the legend."""
    columns = min(len(titles), MOST_IN_A_ROW)
    rows = -(-len(titles) // MOST_IN_A_ROW)
    figure, axes = plt.subplots(
        rows, columns, figsize=(4 * columns, 3.6 * rows), sharey=True, squeeze=False, layout="constrained"
    )
    for axis, title in zip(axes.flat, titles, strict=False):
        axis.set_title(title, fontsize="medium")
    for axis in axes.flat[len(titles) :]:
        axis.set_visible(False)
    return figure, list(axes.flat[: len(titles)])


def legend_beside(axes: Sequence[Axes], title: str) -> None:
    """Add the legend of `panels` to the right of the first row."""
    last = axes[min(len(axes), MOST_IN_A_ROW) - 1]
    last.legend(
        *axes[0].get_legend_handles_labels(), title=title, frameon=False, loc="upper left", bbox_to_anchor=(1, 1)
    )


@dataclass(frozen=True)
class Cell:
    """One cell of `draw_cells`."""

    text: str
    note: str  # smaller, below the text
    colour: str | Colour


CELL_INCHES = (1.2, 0.46)  # a fixed size: two rows are as legible as twenty


def draw_cells(rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[Cell]]) -> tuple[Figure, Axes]:
    """Draw a table of coloured cells, one list of `cells` a row. Column names stand above, on one or more lines."""
    figure = plt.figure(figsize=(CELL_INCHES[0] * len(columns), CELL_INCHES[1] * len(rows)))
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, len(columns)), ylim=(len(rows), 0))
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            axis.add_patch(Rectangle((x, y), 1, 1, facecolor=cell.colour, edgecolor="white", linewidth=1.5))
            middle = 0.34 if cell.note else 0.5
            axis.text(x + 0.5, y + middle, cell.text, ha="center", va="center", fontsize=9)
            axis.text(x + 0.5, y + 0.74, cell.note, ha="center", va="center", fontsize=6.5)
    axis.set_xticks([x + 0.5 for x in range(len(columns))], columns, fontsize=8)
    axis.set_yticks([y + 0.5 for y in range(len(rows))], rows, fontsize=9)
    axis.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    for spine in axis.spines.values():
        spine.set_visible(False)
    return figure, axis


def cell_legend(axis: Axes, colours: Mapping[str, str | Colour], rows: int) -> None:
    """Add the legend of a table of `rows` rows, in one line under the table."""
    axis.legend(
        handles=[Patch(facecolor=colour, label=name) for name, colour in colours.items()],
        loc="upper left",
        bbox_to_anchor=(0, -0.1 / (CELL_INCHES[1] * rows)),  # a tenth of an inch below
        ncols=len(colours),
        frameon=False,
        fontsize=8,
    )
