"""Measured time, memory and disk of finished jobs against their predictions (pipeline/costs/resources.py), by rule.

    python -m benchmarks.resources results/<experiment> [--json FILE]
    python -m benchmarks.resources --speed

Jobs write their times to benchmark/: the wall time of the script, whatever else the machine did. Rules whose longest
job took less than SHORT seconds are marked `short`: nearly all of this time is start and reading. --speed measures
`gigaflops` of config.yaml on one core of this machine.
"""

import argparse
import json
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from pipeline.costs.plan import Plan
from pipeline.run.snakemake_internals import Job

SHORT = 3.0
PLACES = [
    re.compile(pattern)
    for pattern in (
        r"text/(?P<arm>[^/]+)/seed(?P<seed>\d+)/generation(?P<generation>\d+)/(shard(?P<shard>\d+)/)?(?P<rule>\w+)",
        r"vae/(?P<method>\w+)/seed(?P<seed>\d+)/generation(?P<generation>\d+)/(?P<rule>\w+)",
        r"mixture/(?P<original>\w+)/samples(?P<samples>\d+)/generation(?P<generation>\d+)/(?P<rule>\w+)",
        r"discrete/(?P<distribution>[^/]+)/samples(?P<samples>\d+)/(?P<rule>\w+)",
        r"gaussian/(?P<variant>\w+)/dimensions(?P<dimensions>\d+)/samples(?P<samples>\d+)/(?P<rule>\w+)",
        r"(?P<rule>prepare_corpus)/(?P<split>\w+)",
        r"(?P<rule>pretrain)(?P<size>/.*)?",
        r"(?P<rule>compare_arms|judge_arms)(?P<question>/.*)?",
        r"(?P<rule>\w+)",
    )
]


@dataclass(frozen=True)
class Row:
    """Measured and predicted seconds and memory of all jobs of a rule."""

    rule: str
    jobs: int
    measured_seconds: float
    predicted_seconds: float
    longest: float
    ratios: tuple[float, float, float]  # predicted over measured seconds of a job: least, median, most
    measured_memory: float
    predicted_memory: float


def measured(results: Path) -> Iterator[tuple[Job, dict[str, Any]]]:
    """Yield each finished job and its timings."""
    folder = results / "benchmark"
    for path in sorted(folder.rglob("*.json")):
        if path.stat().st_size == 0:  # the job is still running
            continue
        name = path.relative_to(folder).with_suffix("").as_posix()
        match = next(match for pattern in PLACES if (match := pattern.fullmatch(name)))
        place = {key: value or "" for key, value in match.groupdict().items() if key != "rule"}
        if not place.get("shard", "1"):
            del place["shard"]
        yield Job(match["rule"], tuple(place.items())), json.loads(path.read_text())


def compare(results: Path, plan: Plan) -> list[Row]:
    """Return a row for each rule with timings, the longest first."""
    by_rule: dict[str, list[tuple[Job, dict[str, Any]]]] = {}
    for one, timings in measured(results):
        if one in plan.graph:  # others are of an earlier configuration
            by_rule.setdefault(one.rule, []).append((one, timings))
    rows = []
    for rule, jobs in by_rule.items():
        needs = [plan.known.needs(rule, dict(finished.wildcards)) for finished, _ in jobs]
        seconds = [timings["wall_seconds"] for _, timings in jobs]
        ratios = [need.seconds / wall for need, wall in zip(needs, seconds, strict=True)]
        rows.append(
            Row(
                rule,
                len(jobs),
                sum(seconds),
                sum(need.seconds for need in needs),
                max(seconds),
                (min(ratios), median(ratios), max(ratios)),
                max(timings["peak_memory_bytes"] for _, timings in jobs),
                max(need.memory for need in needs),
            )
        )
    return sorted(rows, key=lambda row: -row.measured_seconds)


def show(rows: list[Row]) -> None:
    print(
        f"{'rule':24}{'jobs':>6}{'measured':>11}{'predicted':>11}{'ratio':>7}{'a job: least-most':>19}"
        f"{'memory':>10}{'predicted':>11}{'ratio':>7}"
    )
    for row in rows:
        least, _, most = row.ratios
        note = "" if row.longest >= SHORT else "  short"
        print(
            f"{row.rule:24}{row.jobs:6}{row.measured_seconds:9.1f} s{row.predicted_seconds:9.1f} s"
            f"{row.predicted_seconds / row.measured_seconds:7.2f}{f'{least:.2f}-{most:.2f}':>19}"
            f"{row.measured_memory / 1e9:7.2f} GB{row.predicted_memory / 1e9:8.2f} GB"
            f"{row.predicted_memory / row.measured_memory:7.2f}{note}"
        )


def kept_bytes(results: Path) -> int:
    """Return the bytes of a results folder, without timings and checkpoints."""
    aside = {"benchmark", "checkpoints"}
    return sum(
        path.stat().st_size
        for path in results.rglob("*")
        if path.is_file() and path.relative_to(results).parts[0] not in aside
    )


def core_gigaflops() -> float:
    """Return the fastest rate of a float32 matrix product on one core, of five trials of half a second."""
    import torch

    torch.set_num_threads(1)
    a, b = torch.randn(512, 1024), torch.randn(1024, 1024)
    best = 0.0
    for _ in range(5):
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < 0.5:
            torch.mm(a, b)
            count += 1
        best = max(best, count * 2 * 512 * 1024 * 1024 / (time.perf_counter() - started))
    return best / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?")
    parser.add_argument("--speed", action="store_true", help="measure the speed of one core")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.speed:
        print(f"gigaflops: {core_gigaflops():.0f}")
    if not args.results:
        return
    plan = Plan([args.results / "config.yaml"], replace=True)
    rows = compare(args.results, plan)
    show(rows)
    kept, predicted = kept_bytes(args.results), sum(needs.disk for needs in plan.needs.values())
    print(f"\ndisk: {kept / 1e9:.3f} GB measured, {predicted / 1e9:.3f} GB predicted; ratio {predicted / kept:.2f}")
    if args.json:
        args.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
