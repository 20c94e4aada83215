"""Compare arms seed by seed, test each measure for a trend over generations, and find when each leaves generation 0."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from collapse.seeds import derive_seed
from collapse.statistics.comparisons import compare, corrected, pairs
from collapse.statistics.intervals import KINDS, interval_of_kind
from collapse.statistics.onset import onset, ranks
from collapse.statistics.trajectories import change, trajectory
from collapse.statistics.trends import trend
from scripts.shared import job
from scripts.shared.summary_table import read_summary, write_rows
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--summary", type=Path, required=True)
    parser.add_argument("--measure", action="append", required=True, metavar="NAME OR log(NAME)")
    parser.add_argument("--compared", choices=["change", "value"], required=True)
    parser.add_argument("--reference", help="the arm that the others are compared with; none: every pair")
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--resamples", type=int, required=True)
    parser.add_argument("--permutations", type=int, required=True)
    parser.add_argument("--interval", choices=KINDS, required=True, help="of generation 0, for the onset")
    parser.add_argument("--comparisons", type=Path, required=True)
    parser.add_argument("--trends", type=Path, required=True)
    parser.add_argument("--onset", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    table = read_summary(args.summary)
    arrays = {
        (arm, measure): trajectory(table.values, arm, measure, table.seeds, table.generations)
        for arm in table.arms
        for measure in args.measure
    }
    drawing = (args.confidence, args.resamples, args.permutations)
    comparisons: list[dict[str, Any]] = []
    for first, second in pairs(table.arms, args.reference):
        for measure in args.measure:
            values = [
                change(arrays[arm, measure]) if args.compared == "change" else arrays[arm, measure][:, -1]
                for arm in (first, second)
            ]
            found = compare(values[0], values[1], *drawing, derive_seed("compare_arms", first, second, measure))
            row = {"first": first, "second": second, "metric": measure, "compared": args.compared}
            comparisons.append(row | asdict(found))
    trends: list[dict[str, Any]] = []
    for (arm, measure), array in arrays.items():
        moving = trend(array, *drawing, derive_seed("trend", arm, measure))
        trends.append({"arm": arm, "metric": measure} | asdict(moving))

    write_rows(args.comparisons, COMPARISONS, corrected(comparisons))
    write_rows(args.trends, TRENDS, corrected(trends, ("p", "page_p")))
    write_rows(args.onset, ONSETS, onsets(table.arms, args, arrays))
    work.finish()


COMPARISONS = (
    *("first", "second", "metric", "compared", "pairs", "first_mean", "second_mean", "difference", "low", "high"),
    *("p", "least_p", "exact", "tests", "p_holm", "least_p_holm"),
)
TRENDS = (
    *("arm", "metric", "seeds", "slope", "low", "high", "tau", "p", "least_p", "tests", "p_holm", "least_p_holm"),
    *("page_p", "page_p_holm"),
)
ONSETS = ("arm", "metric", "seeds", "mean", "low", "high", "onset", "direction", "departure", "lasting", "rank")


def onsets(
    arms: list[str], args: argparse.Namespace, arrays: Mapping[tuple[str, str], np.ndarray]
) -> Iterable[dict[str, Any]]:
    """Onset of every measure of every arm, and its place among the arm's measures."""
    for arm in arms:
        found = []
        for measure in args.measure:
            seed = derive_seed("onset", arm, measure)
            drawing = {"confidence": args.confidence, "resamples": args.resamples, "seed": seed}
            found.append(onset(arrays[arm, measure], partial(interval_of_kind, args.interval, **drawing)))
        for measure, one, rank in zip(args.measure, found, ranks([one.onset for one in found]), strict=True):
            yield {"arm": arm, "metric": measure, **asdict(one), "rank": rank}
