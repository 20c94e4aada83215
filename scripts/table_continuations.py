"""Write the page of the continuations of the fixed passage by generation; every text is escaped."""

import csv
import html
from pathlib import Path

from collapse.artefacts import write_text
from scripts.shared.job import arm_name
from scripts.shared.page import page
from scripts.shared.report_file import report_file


@report_file(__doc__, write_text)
def main(continuations: Path) -> tuple[str, None]:
    with open(continuations, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    passage = next(row["text"] for row in rows if row["arm"] == "human")
    body = [f"<p>The passage (human): <q>{html.escape(passage)}</q></p>"]
    first_seed = next(row["seed"] for row in rows if row["seed"])
    for arm in dict.fromkeys(row["arm"] for row in rows if row["arm"] != "human"):
        body.append(f"<h2>{html.escape(arm_name(arm))}</h2><table><tr><th>generation<th>seed<th>continuation")
        for row in sorted(
            (row for row in rows if row["arm"] == arm),
            key=lambda row: (row["seed"] != first_seed, int(row["seed"]), int(row["generation"])),
        ):
            body.append(f"<tr><td>{row['generation']}<td>{row['seed']}<td class=text>{html.escape(row['text'])}")
        body.append("</table>")
    return page("Continuations by generation", "\n".join(body)), None
