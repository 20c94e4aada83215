"""Predict what a run will take: jobs by rule, hours, memory and disk, for any configuration.

    python -m pipeline.costs.plan [--configfile FILE …] [--config KEY=VALUE …] [--cores N …]

The jobs are those of a dry run of Snakemake from nothing. It needs no network and writes nothing. Times are predictions
within about a factor of two for the processor of docs/performance.md; `gigaflops` fits them to another processor.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from collapse.models.memory import GIGABYTE
from pipeline.costs.makespan import longest_ways, makespan
from pipeline.costs.resources import JobNeeds
from pipeline.run import snakemake_internals
from pipeline.run.gpus import ON_DEVICE

ROOT = Path(__file__).resolve().parents[2]
SMALL = 0.01  # rules with a smaller share of the time and of the disk are added up in one line


@dataclass(frozen=True)
class Row:
    """Jobs of a rule: time and disk of all together, and the longest time and largest memory of a job."""

    rule: str
    jobs: int
    core_seconds: float
    longest: float
    memory: float
    disk: float


class Plan:
    """All jobs of a configuration, as Snakemake plans them from nothing, and the needs of each.

    Raises Snakemake's WorkflowError if the configuration is refused.
    """

    def __init__(self, files: Sequence[Path] = (), values: Sequence[str] = (), replace: bool = False) -> None:
        self.config, self.graph = snakemake_internals.planned(files, values, replace)
        self.known = JobNeeds(self.config, Path("results", self.config["experiment"]))
        self.needs = {job: self.known.needs(job.rule, dict(job.wildcards)) for job in self.graph}

    def rows(self) -> list[Row]:
        """Return a row for each rule, the longest first."""
        rules: dict[str, list[Row]] = {}
        for job, needs in self.needs.items():
            row = Row(job.rule, 1, needs.seconds * needs.threads, needs.seconds, needs.memory, needs.disk)
            rules.setdefault(job.rule, []).append(row)
        return sorted((_together(rule, rows) for rule, rows in rules.items()), key=lambda row: -row.core_seconds)

    def wall_seconds(self, workers: int) -> float:
        """Seconds from start to end on a number of cores or GPUs; a job with more threads than cores takes longer."""
        threads = {job: needs.threads for job, needs in self.needs.items()}
        seconds = {job: needs.seconds * max(1, needs.threads / workers) for job, needs in self.needs.items()}
        return makespan(self.graph, seconds, workers, threads)

    def critical_seconds(self) -> float:
        """Seconds of the longest chain of jobs that wait for each other, whatever the number of workers."""
        return max(longest_ways(self.graph, {job: needs.seconds for job, needs in self.needs.items()}).values())


def table(plan: Plan, cores: Sequence[int]) -> str:
    """Format the plan for a person to read."""
    rows, device = plan.rows(), plan.config["device"]
    seconds, disk = sum(row.core_seconds for row in rows), sum(row.disk for row in rows)
    large = [row for row in rows if row.core_seconds >= SMALL * seconds or row.disk >= SMALL * disk]
    rest = [row for row in rows if row not in large]
    unit = "core-hours" if device == "cpu" else "hours"
    lines = [f"{'rule':24}{'jobs':>8}{unit:>12}{'longest job':>14}{'memory a job':>14}{'disk at the end':>17}"]
    lines += [_line(row) for row in large]
    if rest:
        lines.append(_line(_together(f"{len(rest)} other rules", rest)))
    lines += ["", _line(_together("all", rows)), ""]
    if device == "cuda":
        on_device = sum(row.core_seconds for row in rows if row.rule in ON_DEVICE)
        lines.append(f"{_hours(on_device)} GPU-hours ({', '.join(ON_DEVICE)}), the rest on processors.")
    workers = "cores" if device == "cpu" else "GPUs, with a core each"
    walls = ", ".join(f"{_duration(plan.wall_seconds(count))} on {count:,}" for count in cores)
    lines += [
        f"From start to end: {walls} {workers}; at least {_duration(plan.critical_seconds())},",
        "because some jobs wait for each other. These times are predictions within a factor of two.",
    ]
    if plan.known.is_guess():
        repository = plan.config["base_model"]["repository"]
        lines.append(f"{repository}: size not known before it is fetched; counted as OPT-125m.")
    return "\n".join(lines)


def _together(name: str, rows: Sequence[Row]) -> Row:
    return Row(
        name,
        sum(row.jobs for row in rows),
        sum(row.core_seconds for row in rows),
        max(row.longest for row in rows),
        max(row.memory for row in rows),
        sum(row.disk for row in rows),
    )


def _line(row: Row) -> str:
    return (
        f"{row.rule:24}{row.jobs:8,}{_hours(row.core_seconds):>12}{_duration(row.longest):>14}"
        f"{row.memory / GIGABYTE:>11.1f} GB{row.disk / GIGABYTE:>14.2f} GB"
    )


def _hours(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:,.0f}" if hours >= 100 else f"{hours:.2f}"


def _duration(seconds: float) -> str:
    """Format a time in days, hours, minutes or seconds."""
    for length, unit in ((86_400 * 2, "days"), (7_200, "h"), (120, "min")):
        if seconds >= length:
            count = seconds / {"days": 86_400, "h": 3_600, "min": 60}[unit]
            return f"{count:,.0f} {unit}" if count >= 10 else f"{count:.1f} {unit}"
    return f"{seconds:.0f} s"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configfile", nargs="+", action="extend", type=Path, default=[], metavar="FILE")
    parser.add_argument("--config", nargs="+", action="extend", default=[], metavar="KEY=VALUE")
    default = [os.cpu_count() or 1, 8, 64, 512]
    parser.add_argument("--cores", nargs="+", type=int, default=default, help="numbers of cores, or of GPUs")
    args = parser.parse_args(argv)
    files = [path.absolute() for path in args.configfile]
    os.chdir(ROOT)
    from snakemake.exceptions import WorkflowError

    try:
        plan = Plan(files, args.config)
    except (WorkflowError, OSError) as error:
        raise SystemExit(str(error)) from None
    print(table(plan, sorted({*args.cores})))


if __name__ == "__main__":
    main()
