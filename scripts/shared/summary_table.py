"""Read the summary of a text experiment, and write tidy tables."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collapse.artefacts import write_text
from collapse.statistics.trajectories import Values, tabulate


@dataclass(frozen=True)
class Summary:
    """Every measure of every generation of a text experiment."""

    values: Values
    arms: list[str]  # in the order of the configuration
    seeds: list[int]
    generations: int


def read_summary(path: Path) -> Summary:
    """Read summary.csv, which holds the arms, seeds and generations of the configuration and no others."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = [
            (row["arm"], int(row["seed"]), int(row["generation"]), row["metric"], float(row["value"]))
            for row in csv.DictReader(file)
        ]
    return Summary(
        values=tabulate(rows),
        arms=list(dict.fromkeys(row[0] for row in rows)),
        seeds=sorted({row[1] for row in rows}),
        generations=max(row[2] for row in rows) + 1,
    )


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a tidy CSV; floats at full precision, missing values empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow("" if isinstance(value, float) and math.isnan(value) else value for value in row)
    write_text(path, text.getvalue())


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a tidy CSV of named columns; missing values empty."""
    write_csv(path, columns, [["" if row[name] is None else row[name] for name in columns] for row in rows])
