"""Compare arms seed by seed, test each measure for a trend over generations, and find when each leaves generation 0."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from collapse.seeds import derive_seed
from collapse.statistics.comparisons import compare, corrected, pairs
from collapse.statistics.intervals import Kind, interval_of_kind
from collapse.statistics.onset import onset as onset_of
from collapse.statistics.onset import ranks
from collapse.statistics.trajectories import change, trajectory
from collapse.statistics.trends import trend
from scripts.shared.command import command
from scripts.shared.summary_table import read_summary, write_rows

COMPARISONS = (
    *("first", "second", "metric", "compared", "pairs", "first_mean", "second_mean", "difference", "low", "high"),
    *("p", "least_p", "exact", "tests", "p_holm", "least_p_holm"),
)
TRENDS = (
    *("arm", "metric", "seeds", "slope", "low", "high", "tau", "p", "least_p", "tests", "p_holm", "least_p_holm"),
    *("page_p", "page_p_holm"),
)
ONSETS = ("arm", "metric", "seeds", "mean", "low", "high", "onset", "direction", "departure", "lasting", "rank")


@command(__doc__)
def main(
    summary: Path,
    measure: list[str],
    compared: Literal["change", "value"],
    reference: str | None,
    confidence: float,
    resamples: int,
    permutations: int,
    interval: Kind,
    comparisons: Path,
    trends: Path,
    onset: Path,
) -> None:
    """Write three tables. Without a `reference`, every pair of arms is compared; `interval` decides the onset."""
    table = read_summary(summary)
    arrays = {
        (arm, name): trajectory(table.values, arm, name, table.seeds, table.generations)
        for arm in table.arms
        for name in measure
    }
    drawing = (confidence, resamples, permutations)
    differences: list[dict[str, Any]] = []
    for arms in pairs(table.arms, reference):
        for name in measure:
            both = [arrays[arm, name] for arm in arms]
            first, second = (change(array) if compared == "change" else array[:, -1] for array in both)
            difference = compare(first, second, *drawing, derive_seed("compare_arms", *arms, name))
            row = {"first": arms[0], "second": arms[1], "metric": name, "compared": compared}
            differences.append(row | asdict(difference))
    slopes = [
        {"arm": arm, "metric": name} | asdict(trend(array, *drawing, derive_seed("trend", arm, name)))
        for (arm, name), array in arrays.items()
    ]
    ends = partial(interval_of_kind, interval, confidence=confidence, resamples=resamples)
    write_rows(comparisons, COMPARISONS, corrected(differences))
    write_rows(trends, TRENDS, corrected(slopes, ("p", "page_p")))
    write_rows(onset, ONSETS, [row for arm in table.arms for row in onsets(arm, measure, arrays, ends)])


def onsets(
    arm: str, measures: Sequence[str], arrays: Mapping[tuple[str, str], np.ndarray], interval: partial[Any]
) -> list[dict[str, Any]]:
    """Find the onset of every measure of an arm, and its rank among the arm's measures."""
    rows: list[dict[str, Any]] = []
    for name in measures:
        ends = partial(interval, seed=derive_seed("onset", arm, name))
        rows.append({"arm": arm, "metric": name} | asdict(onset_of(arrays[arm, name], ends)))
    return [row | {"rank": rank} for row, rank in zip(rows, ranks([row["onset"] for row in rows]), strict=True)]
