"""Draw the generation at which each measure leaves generation 0's interval, by arm."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from collapse.figures import Cell, draw_cells, write_figure
from scripts.shared.job import arm_name
from scripts.shared.report_file import report_file

NEVER = "#e6e6e6"


@report_file(__doc__, write_figure)
def main(onset: pd.DataFrame, confidence: float) -> tuple[Figure, str]:
    arms, measures = list(onset["arm"].unique()), list(onset["metric"].unique())
    last = int(onset["onset"].max()) if onset["onset"].notna().any() else 1
    palette = sns.color_palette("YlOrRd_r", as_cmap=True)
    by_place = {(row["arm"], row["metric"]): row for row in onset.to_dict("records")}

    def shade(generation: float) -> tuple[float, ...]:
        # without the darkest colours: a number must be read on it
        colour: tuple[float, ...] = palette(0.5 + 0.45 * (generation - 1) / last)
        return colour

    cells = [[cell(by_place[arm, measure], shade) for measure in measures] for arm in arms]
    figure, _ = draw_cells([arm_name(arm) for arm in arms], [heading(measure) for measure in measures], cells)
    return figure, caption(onset, confidence)


def heading(measure: str) -> str:
    """Break the name of a measure into lines that fit a column."""
    lines = [""]
    for word in measure.replace("(", "(_").split("_"):
        if len(lines[-1]) + len(word) > 13:
            lines.append("")
        lines[-1] += f"{word} " if not word.endswith("(") else word
    return "\n".join(line.strip() for line in lines if line.strip())


def cell(row: Mapping[Hashable, Any], colour: Callable[[float], tuple[Any, ...]]) -> Cell:
    if pd.isna(row["low"]) or row["low"] == row["high"]:
        return Cell("–", "no interval", NEVER)
    if pd.isna(row["onset"]):
        return Cell("never", "", NEVER)
    arrow = "↑" if row["direction"] == "rise" else "↓"
    lasting = (
        ""
        if row["lasting"] == row["onset"]
        else "returns"
        if pd.isna(row["lasting"])
        else f"stays from {row['lasting']:.0f}"
    )
    return Cell(f"{row['onset']:.0f} {arrow}", lasting, colour(row["onset"]))


def caption(onset: pd.DataFrame, confidence: float) -> str:
    sentences = []
    for arm, rows in onset.groupby("arm", sort=False):
        first = rows[rows["rank"] == 1].sort_values("departure", ascending=False)
        never = int(rows["onset"].isna().sum())
        named = [f"{row['metric']} ({row['direction']}, {row['departure']:.1f})" for row in first.to_dict("records")]
        when = f"first at generation {first['onset'].iloc[0]:.0f}, {', '.join(named)}" if named else "none"
        counted = (
            f"later: {len(rows) - len(first) - never} of {len(rows)} measures, never or without an interval: {never}"
        )
        sentences.append(f"{arm_name(str(arm))}: {when}; {counted}")
    return (
        f"**Which measure sees collapse first?** {'. '.join(sentences)}. Each cell is the first generation whose mean "
        f"over seeds lies outside generation 0's {confidence:.0%} interval over seeds, and an arrow to which side; "
        "below it, from which generation on it stays there, if that is another. The measures that leave "
        "first are ordered by how far they went, in half widths of that interval (in brackets), which depends on how "
        "much seeds differ at generation 0.\n"
    )
