"""Common style of all figures, and their files: equal data give equal SVG and PNG bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from collapse.artefacts import whole_file

matplotlib.use("Agg")
sns.set_theme(context="paper", style="ticks", palette="colorblind", font_scale=1.1)
# text stays text in SVG files
matplotlib.rcParams.update({"svg.hashsalt": "model-collapse", "svg.fonttype": "none", "figure.dpi": 100})

Colour = tuple[float, float, float]  # red, green, blue


def write_figure(path: Path, figure: Figure) -> None:
    """Write an SVG to `path` and a PNG beside it, both without a date."""
    for suffix, metadata in ((".svg", {"Date": None}), (".png", {"Software": None})):
        with whole_file(path.with_suffix(suffix)) as temporary:
            figure.savefig(temporary, format=suffix[1:], dpi=200, bbox_inches="tight", metadata=metadata)


def colours(count: int) -> list[Colour]:
    """Return `count` different colours: the palette's own while there are enough, then evenly spaced hues."""
    palette = sns.color_palette()
    return list(palette[:count] if count <= len(palette) else sns.color_palette("husl", count))


def subplots(rows: int, columns: int, size: tuple[float, float], **options: Any) -> tuple[Figure, np.ndarray]:
    """Make panels, (rows, columns), without frames; `size` is that of the figure in inches."""
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, **options)
    sns.despine(figure)
    return figure, axes


MOST_IN_A_ROW = 4


def panels(titles: Sequence[str], size: tuple[float, float] = (4, 3.6), **options: Any) -> tuple[Figure, list[Axes]]:
    """Make a panel of `size` inches for each title, in rows; without other `options`, they share the vertical axis."""
    columns = min(len(titles), MOST_IN_A_ROW)
    rows = -(-len(titles) // MOST_IN_A_ROW)
    options = {"sharey": True, "layout": "constrained"} | options
    figure, axes = subplots(rows, columns, (size[0] * columns, size[1] * rows), **options)
    for axis, title in zip(axes.flat, titles, strict=False):
        axis.set_title(title, fontsize="medium")
    for axis in axes.flat[len(titles) :]:
        axis.set_visible(False)
    return figure, list(axes.flat[: len(titles)])


def grid(
    labels: Sequence[str], titles: Sequence[str], size: tuple[float, float], **options: Any
) -> tuple[Figure, np.ndarray]:
    """Make a row of panels for each label and a column for each title. All have generations as horizontal axis."""
    figure, axes = subplots(len(labels), len(titles), size, sharex=True, **options)
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title)
    for axis, label in zip(axes[:, 0], labels, strict=True):
        axis.set_ylabel(label)
    for axis in axes[-1]:
        axis.set_xlabel("generation")
    return figure, axes


def draw_band(
    axis: Axes, rows: pd.DataFrame, colour: Any, ends: tuple[str, str] = ("q05", "q95"), alpha: float = 0.15
) -> None:
    """Fill the band between two columns, by generation."""
    axis.fill_between(rows["generation"], rows[ends[0]], rows[ends[1]], color=colour, alpha=alpha, linewidth=0)


def draw_mean(axis: Axes, rows: pd.DataFrame, colour: Any, label: str, **style: Any) -> None:
    """Draw a mean over seeds with its interval, by generation."""
    axis.plot(rows["generation"], rows["mean"], color=colour, label=label, **style)
    draw_band(axis, rows, colour, ("low", "high"), alpha=0.2)


def draw_seeds(axis: Axes, seeds: pd.DataFrame, means: pd.DataFrame, colour: Any, label: str) -> None:
    """Draw every seed as a thin line, and their mean with its interval over them."""
    for _, rows in seeds.groupby("seed"):
        axis.plot(rows["generation"], rows["value"], color=colour, linewidth=0.7, alpha=0.5)
    draw_mean(axis, means, colour, label, linewidth=2, marker="o")


def legend_beside(axes: Sequence[Axes], title: str | None = None) -> None:
    """Add the legend of `panels` to the right of the first row."""
    last = axes[min(len(axes), MOST_IN_A_ROW) - 1]
    last.legend(
        *axes[0].get_legend_handles_labels(), title=title, frameon=False, loc="upper left", bbox_to_anchor=(1, 1)
    )


def legend_above(figure: Figure, height: float, columns: int, handles: Sequence[Any] = ()) -> None:
    """Lay out the panels and add one legend above all; `height` is a share of the figure's."""
    figure.tight_layout()
    handles = handles or figure.axes[0].get_legend_handles_labels()[0]
    figure.legend(handles=handles, frameon=False, loc="upper center", ncols=columns, bbox_to_anchor=(0.5, height))


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
