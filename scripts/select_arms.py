"""Select the rows of the arms that one question compares, in its order, from the tables of a text experiment."""

import csv
from collections.abc import Sequence
from pathlib import Path

from scripts.shared import job
from scripts.shared.summary_table import write_csv

TABLES = ("summary.csv", "intervals.csv", "block_perplexity.csv", "continuations.csv")
PASSAGE = "human"  # in continuations.csv, the row of the passage itself


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--tables", type=Path, required=True, help=f"folder with {', '.join(TABLES)}")
    parser.add_argument("--arm", action="append", required=True)
    parser.add_argument("--output", type=Path, required=True, help="folder for tables of the same names")
    args = parser.parse_args(argv)

    for name in TABLES:
        with open(args.tables / name, newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        place = header.index("arm")
        chosen = [row for arm in (PASSAGE, *args.arm) for row in rows if row[place] == arm]
        write_csv(args.output / name, header, chosen)
