"""Write the page of the continuations of the fixed passage by generation; every text is escaped."""

import csv
import html
from collections.abc import Sequence
from pathlib import Path

from collapse.artefacts import write_text
from scripts.shared import job
from scripts.shared.job import arm_name
from scripts.shared.page import page


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--continuations", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)

    with open(args.continuations, newline="", encoding="utf-8") as file:
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
    write_text(args.output, page("Continuations by generation", "\n".join(body)))


if __name__ == "__main__":
    job.run(main)
