"""What a run will take, before anything of it runs: jobs by rule, hours, memory and disk, for any configuration.

    python -m pipeline.costs.plan [--configfile FILE …] [--config KEY=VALUE …] [--cores N …]

Nothing is fetched, read or written but configurations and, where they are here, the sizes of local text. Times are
predictions within about a factor of two on the processor of docs/performance.md; `gigaflops` fits them to another.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from collapse.models.memory import GIGABYTE
from pipeline import configuration, schema
from pipeline.costs.planned import Graph, Job, planned
from pipeline.costs.resources import JobNeeds
from pipeline.costs.schedule import longest_ways, makespan
from pipeline.run.gpus import ON_DEVICE

ROOT = Path(__file__).resolve().parents[2]
SMALL = 0.01  # rules with less of the time than this, and of the disk, share a line


@dataclass(frozen=True)
class Row:
    """What all jobs of a rule take together; memory, seconds of the longest: of one."""

    rule: str
    jobs: int
    core_seconds: float
    longest: float
    memory: float
    disk: float


class Plan:
    """All jobs of a configuration that is in order, and what each will take."""

    def __init__(self, config: Mapping[str, Any], results: Path) -> None:
        self.config = config
        self.known = JobNeeds(config, results)
        self.graph: Graph = planned(config)
        self.needs = {job: self.known.needs(job.rule, dict(job.wildcards)) for job in self.graph}

    def rows(self) -> list[Row]:
        """A row for each rule, the longest first."""
        rules: dict[str, list[Job]] = {}
        for job in self.graph:
            rules.setdefault(job.rule, []).append(job)
        rows = [
            Row(
                rule,
                len(jobs),
                sum(self.needs[job].seconds * self.needs[job].threads for job in jobs),
                max(self.needs[job].seconds for job in jobs),
                max(self.needs[job].memory for job in jobs),
                sum(self.needs[job].disk for job in jobs),
            )
            for rule, jobs in rules.items()
        ]
        return sorted(rows, key=lambda row: -row.core_seconds)

    def disk(self) -> float:
        """Bytes of the results at the end, and of the largest job's temporary files."""
        return sum(one.disk for one in self.needs.values()) + max(one.scratch for one in self.needs.values())

    def guessed(self) -> bool:
        """Whether it depends on a model whose size is not known."""
        return "text" in self.config["parts"] and self.known.text.sizes.guessed()

    def largest(self) -> Job:
        """The job that takes most memory."""
        return max(self.graph, key=lambda job: self.needs[job].memory)

    def wall_seconds(self, workers: int) -> float:
        """From start to end on so many cores, or GPUs; a job of more threads than cores takes longer by as much."""
        threads = {job: one.threads for job, one in self.needs.items()}
        seconds = {job: one.seconds * max(1, one.threads / workers) for job, one in self.needs.items()}
        return makespan(self.graph, seconds, workers, threads)

    def critical_seconds(self) -> float:
        """Of the longest chain of jobs that wait for each other: no number of workers makes the run shorter."""
        return max(longest_ways(self.graph, {job: one.seconds for job, one in self.needs.items()}).values())


def merged(files: Sequence[str | Path], values: Sequence[str] = ()) -> dict[str, Any]:
    """config.yaml with others laid over it, as Snakemake does, and sweeps in their place.

    ConfigurationError if the schema refuses it; that files are named which a run would need is not asked for.
    """
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    for file in files:
        _lay(config, yaml.safe_load(Path(file).read_text()))
    for key, value in (one.split("=", 1) for one in values):
        _lay(config, {key: yaml.safe_load(value)})
    if faults := schema.faults(config, configuration.schema()):
        raise configuration.ConfigurationError("configuration:\n" + "\n".join(f"  {fault}" for fault in faults))
    configuration.expand(config)
    return config


def _lay(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _lay(below[key], value)
        else:
            below[key] = value


def table(plan: Plan, cores: Sequence[int]) -> str:
    """What a person reads."""
    rows, device = plan.rows(), plan.config["device"]
    seconds, disk = sum(row.core_seconds for row in rows), sum(row.disk for row in rows)
    shown = [row for row in rows if row.core_seconds >= SMALL * seconds or row.disk >= SMALL * disk]
    rest = [row for row in rows if row not in shown]
    unit = "core-hours" if device == "cpu" else "hours"
    lines = [f"{'rule':24}{'jobs':>8}{unit:>12}{'longest job':>14}{'memory a job':>14}{'disk at the end':>17}"]
    lines += [_line(row) for row in shown]
    if rest:
        lines.append(_line(_together(f"{len(rest)} other rules", rest)))
    lines += ["", _line(_together("all", rows)), ""]
    if device == "cuda":
        on_device = sum(row.core_seconds for row in rows if row.rule in ON_DEVICE)
        lines.append(f"{_hours(on_device)} GPU-hours ({', '.join(ON_DEVICE)}), the rest on processors.")
    workers = "cores" if device == "cpu" else "GPUs, with a core each"
    walls = ", ".join(f"{_duration(plan.wall_seconds(count))} on {count:,}" for count in cores)
    lines.append(f"From start to end: {walls} {workers}; never less than {_duration(plan.critical_seconds())}, which")
    lines.append(
        "the longest chain of jobs takes that wait for each other. Times are predictions, good to a factor of two."
    )
    if plan.guessed():
        repository = plan.config["base_model"]["repository"]
        lines.append(f"{repository} is neither known nor here: counted as OPT-125m.")
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
    """In the unit that a person would say."""
    for length, unit in ((86_400 * 2, "days"), (7_200, "h"), (120, "min")):
        if seconds >= length:
            one = {"days": 86_400, "h": 3_600, "min": 60}[unit]
            return f"{seconds / one:,.0f} {unit}" if seconds >= 10 * one else f"{seconds / one:.1f} {unit}"
    return f"{seconds:.0f} s"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configfile", nargs="+", action="extend", default=[], metavar="FILE")
    parser.add_argument("--config", nargs="+", action="extend", default=[], metavar="KEY=VALUE")
    default = [os.cpu_count() or 1, 8, 64, 512]
    parser.add_argument("--cores", nargs="+", type=int, default=default, help="or GPUs: wall time on so many")
    args = parser.parse_args(argv)
    try:
        config = merged(args.configfile, args.config)
    except (configuration.ConfigurationError, OSError) as error:
        raise SystemExit(str(error)) from None
    print(table(Plan(config, ROOT / "results" / config["experiment"]), sorted({*args.cores})))


if __name__ == "__main__":
    main()
