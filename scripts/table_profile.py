"""Write the page of the model-collapse profile: every verdict with its effect, its interval and its rule."""

import html
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from collapse.artefacts import write_text
from collapse.statistics.verdicts import COLLAPSED, DEFINITIONS, NOT_COLLAPSED, UNDECIDED
from scripts.shared import job
from scripts.shared.job import arm_name
from scripts.shared.numerals import signed, span
from scripts.shared.page import page


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--profile", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="HTML; the caption goes beside it")
    args = parser.parse_args(argv)

    profile = pd.read_csv(args.profile)
    body = [
        "<table><tr><th>definition<th>collapse if</tr>",
        *(f"<tr><td>{one.title}<td>{html.escape(one.says)}</tr>" for one in DEFINITIONS.values()),
        "</table>",
    ]
    for arm, rows in profile.groupby("arm", sort=False):
        body.append(f"<h2>{html.escape(arm_name(str(arm)))}</h2>")
        body.append("<table><tr><th>definition<th>verdict<th>effect<th>interval<th>rule</tr>")
        for row in rows.to_dict("records"):
            cells = (
                DEFINITIONS[row["definition"]].title,
                row["verdict"],
                signed(row["effect"]),
                span(row["low"], row["high"]) if not pd.isna(row["effect"]) else "–",
                row["rule"],
            )
            body.append("<tr>" + "".join(f"<td>{html.escape(one)}" for one in cells) + "</tr>")
        body.append("</table>")
    write_text(args.output, page("The model-collapse profile", "\n".join(body)))
    counts = profile["verdict"].value_counts()
    counted = [f"{verdict}: {counts.get(verdict, 0)}" for verdict in (COLLAPSED, NOT_COLLAPSED, UNDECIDED)]
    write_text(
        args.output.with_suffix(".rst"),
        f"**Verdicts and the rules that decided.** {len(profile)} verdicts ({profile['arm'].nunique()} arms by "
        f"{len(DEFINITIONS)} definitions); {', '.join(counted)}. The same is in ``text/profile.csv`` and "
        "``text/profile.json``.\n",
    )


if __name__ == "__main__":
    job.run(main)
