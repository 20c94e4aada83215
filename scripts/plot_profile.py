"""Draw the model-collapse profile as a table of colours: arms by definitions, each effect with its interval."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from collapse.artefacts import write_text
from collapse.figures import Cell, cell_legend, draw_cells, set_style, write_figure
from collapse.statistics.verdicts import COLLAPSED, DEFINITIONS, NOT_COLLAPSED, UNDECIDED
from scripts.shared import job
from scripts.shared.job import arm_name
from scripts.shared.numerals import signed, span

COLOURS = {COLLAPSED: "#f2a57c", NOT_COLLAPSED: "#93c5e8", UNDECIDED: "#e6e6e6"}


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--profile", type=Path, required=True)
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the SVG; PNG and caption go beside it")
    args = parser.parse_args(argv)

    profile = pd.read_csv(args.profile)
    arms = list(profile["arm"].unique())
    by_place = {(row["arm"], row["definition"]): row for row in profile.to_dict("records")}
    set_style()
    figure, axis = draw_cells(
        [arm_name(arm) for arm in arms],
        [textwrap.fill(definition.title, 15) for definition in DEFINITIONS.values()],
        [[cell(by_place[arm, name]) for name in DEFINITIONS] for arm in arms],
    )
    cell_legend(axis, COLOURS, len(arms))
    write_figure(figure, args.output)
    write_text(args.output.with_suffix(".rst"), caption(profile, args.confidence))


def cell(row: dict) -> Cell:
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


def describe(row: dict) -> str:
    title = DEFINITIONS[row["definition"]].title
    return f"{title} ({signed(row['effect'])}, {span(row['low'], row['high'])})"


if __name__ == "__main__":
    job.run(main)
