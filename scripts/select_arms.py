"""Select the rows of the arms that one question compares, in its order, from the tables of a text experiment."""

import csv
from pathlib import Path

from scripts.shared.command import command
from scripts.shared.summary_table import write_csv

TABLES = ("summary.csv", "intervals.csv", "block_perplexity.csv", "continuations.csv")
PASSAGE = "human"  # in continuations.csv, the row of the passage itself


@command(__doc__)
def main(tables: Path, arm: list[str], output: Path) -> None:
    for name in TABLES:
        with open(tables / name, newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        place = header.index("arm")
        chosen = [row for name_of_arm in (PASSAGE, *arm) for row in rows if row[place] == name_of_arm]
        write_csv(output / name, header, chosen)
