"""Write the page of the model-collapse profile: every verdict with its effect, its interval and its rule."""

import html

import pandas as pd

from collapse.artefacts import write_text
from collapse.statistics.verdicts import COLLAPSED, DEFINITIONS, NOT_COLLAPSED, UNDECIDED
from scripts.shared.job import arm_name
from scripts.shared.numerals import signed, span
from scripts.shared.page import page
from scripts.shared.report_file import report_file


@report_file(__doc__, write_text)
def main(profile: pd.DataFrame) -> tuple[str, str]:
    body = [
        "<table><tr><th>definition<th>collapse if</tr>",
        *(f"<tr><td>{each.title}<td>{html.escape(each.says)}</tr>" for each in DEFINITIONS.values()),
        "</table>",
    ]
    for arm, rows in profile.groupby("arm", sort=False):
        body.append(f"<h2>{html.escape(arm_name(str(arm)))}</h2>")
        body.append("<table><tr><th>definition<th>verdict<th>effect<th>interval<th>rule</tr>")
        for row in rows.to_dict("records"):
            title = DEFINITIONS[row["definition"]].title
            ends = "–" if pd.isna(row["effect"]) else span(row["low"], row["high"])
            cells = (title, row["verdict"], signed(row["effect"]), ends, row["rule"])
            body.append("<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in cells) + "</tr>")
        body.append("</table>")
    numbers = profile["verdict"].value_counts()
    counted = [f"{verdict}: {numbers.get(verdict, 0)}" for verdict in (COLLAPSED, NOT_COLLAPSED, UNDECIDED)]
    return page("The model-collapse profile", "\n".join(body)), (
        f"**Verdicts and the rules that decided.** {len(profile)} verdicts ({profile['arm'].nunique()} arms by "
        f"{len(DEFINITIONS)} definitions); {', '.join(counted)}. The same is in ``text/profile.csv`` and "
        "``text/profile.json``.\n"
    )
