"""Draw the model-collapse profile as a table of colours: arms by definitions, each effect with its interval."""

import textwrap
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from collapse.figures import Cell, cell_legend, draw_cells, write_figure
from collapse.statistics.verdicts import COLLAPSED, DEFINITIONS, NOT_COLLAPSED, UNDECIDED
from scripts.shared.job import arm_name
from scripts.shared.numerals import signed, span
from scripts.shared.report_file import report_file

COLOURS = {COLLAPSED: "#f2a57c", NOT_COLLAPSED: "#93c5e8", UNDECIDED: "#e6e6e6"}


@report_file(__doc__, write_figure)
def main(profile: pd.DataFrame, confidence: float) -> tuple[Figure, str]:
    arms = list(profile["arm"].unique())
    by_place = {(row["arm"], row["definition"]): row for row in profile.to_dict("records")}
    titles = [textwrap.fill(definition.title, 15) for definition in DEFINITIONS.values()]
    cells = [[cell(by_place[arm, name]) for name in DEFINITIONS] for arm in arms]
    figure, axis = draw_cells([arm_name(arm) for arm in arms], titles, cells)
    cell_legend(axis, COLOURS, len(arms))
    return figure, caption(profile, confidence)


def cell(row: Mapping[Hashable, Any]) -> Cell:
    if pd.isna(row["effect"]):
        return Cell("not judged", "", COLOURS[row["verdict"]])
    return Cell(signed(row["effect"]), span(row["low"], row["high"]), COLOURS[row["verdict"]])


def caption(profile: pd.DataFrame, confidence: float) -> str:
    sentences = []
    for arm, rows in profile.groupby("arm", sort=False):
        parts = []
        for verdict in (COLLAPSED, NOT_COLLAPSED):
            named = [describe(row) for row in rows[rows["verdict"] == verdict].to_dict("records")]
            parts += [f"{verdict} by {', '.join(named)}"] if named else []
        parts.append(f"undecided by {int((rows['verdict'] == UNDECIDED).sum())} of {len(rows)} definitions")
        sentences.append(f"{arm_name(str(arm))}: {'; '.join(parts)}")
    return (
        f"**The model-collapse profile: eight definitions of collapse, one verdict each.** {'. '.join(sentences)}. "
        f"Numbers are effects, positive towards collapse, with their {confidence:.0%} interval over seeds, in the "
        "unit of the rule's measure; diverging risk a generation. A verdict needs the whole interval on one side of "
        "the rule's threshold. The table beside this figure has every rule.\n"
    )


def describe(row: Mapping[Hashable, Any]) -> str:
    title = DEFINITIONS[row["definition"]].title
    return f"{title} ({signed(row['effect'])}, {span(row['low'], row['high'])})"
