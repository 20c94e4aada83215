"""Simulated duration of a large experiment on 1 to 512 workers, with and without shards.

    python -m benchmarks.makespan [--figure docs/makespan.svg] [--overhead SECONDS]
    python -m benchmarks.makespan --trial results/<one at -j1> results/<the same at -j2>

5 seeds × 20 arms × 10 generations of the default model and of OPT-125m, each in 1 and in 8 shards. Jobs, and what waits
for what, are those of Snakemake's own DAG; times are predictions (pipeline/costs/resources.py). A worker does one job
at a time, with the job's threads. `--overhead` is what a job costs beside its work: 0.1 s on one machine, seconds where
each starts by itself.

--trial checks the simulation. It takes the measured times of jobs in both runs and the overhead of the first run, and
compares the simulated duration with the measured duration of the second run.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import seaborn as sns
import yaml

from benchmarks.resources import measured
from collapse.figures import write_figure
from pipeline.costs.makespan import longest_ways, makespan
from pipeline.costs.plan import ROOT, Plan
from pipeline.run.snakemake_internals import Job

WORKERS = (1, 8, 64, 512)
SHARDS = (1, 8)
SHARES = [round(0.05 * share, 2) for share in range(1, 11)]
TWENTY_ARMS: dict[str, Any] = {
    "parts": ["text"],
    "arms": {
        "shares": {
            "policy": "preserve",
            "human_draw": "each_generation",
            "sweep": {"human_fraction": SHARES, "repetition_penalty": [1.0, 2.0]},
        }
    },
    "text": {"arms": ["shares"], "seeds": [1, 2, 3, 4, 5], "generations": 10},
}
MODELS = {"default model": [], "OPT-125m": [ROOT / "presets" / "as-paper.yaml"]}


def plan_of(model: str, shards: int) -> Plan:
    config = TWENTY_ARMS | {"text": TWENTY_ARMS["text"] | {"generate": {"shards": shards}}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "twenty-arms.yaml"
        path.write_text(yaml.safe_dump(config))
        return Plan([*MODELS[model], path])


def simulated(plan: Plan, overhead: float) -> tuple[list[float], float]:
    """Return the seconds on each number of workers, and the seconds of the longest chain of dependent jobs."""
    seconds = {job: needs.seconds + overhead for job, needs in plan.needs.items()}
    single = dict.fromkeys(seconds, 1)
    spans = [makespan(plan.graph, seconds, workers, single) for workers in WORKERS]
    return spans, max(longest_ways(plan.graph, seconds).values())


def show(overhead: float, figure: Path | None) -> None:
    results = {(model, shards): simulated(plan_of(model, shards), overhead) for model in MODELS for shards in SHARDS}
    print(f"{'model':16}{'shards':>7}" + "".join(f"{workers:>11} w" for workers in WORKERS) + f"{'longest chain':>16}")
    for (model, shards), (spans, chain) in results.items():
        hours = "".join(f"{span / 3600:>11.2f} h" for span in spans)
        print(f"{model:16}{shards:7}{hours}{chain / 3600:>14.2f} h")
    if figure:
        draw(results, figure)


def draw(results: dict[tuple[str, int], tuple[list[float], float]], path: Path) -> None:
    """Plot hours against workers, one panel for each model. Dotted: the hours without dependencies between jobs."""
    palette = sns.color_palette()
    drawn, axes = plt.subplots(1, len(MODELS), figsize=(4 * len(MODELS), 3.4), layout="constrained")
    for axis, model in zip(axes, MODELS, strict=True):
        for colour, shards in zip(palette, SHARDS, strict=False):
            spans, chain = results[model, shards]
            label = "whole generations" if shards == 1 else f"{shards} shards"
            axis.plot(WORKERS, [span / 3600 for span in spans], marker="o", color=colour, label=label)
            axis.axhline(chain / 3600, color=colour, linestyle="--", linewidth=0.9)
        ideal = [results[model, 1][0][0] / 3600 / workers for workers in WORKERS]
        axis.plot(WORKERS, ideal, color="0.5", linestyle=":", label="if no job waited")
        axis.set(title=model, xscale="log", yscale="log", xlabel="workers", xticks=WORKERS, xticklabels=WORKERS)
        axis.minorticks_off()
        sns.despine(ax=axis)
    axes[0].set_ylabel("hours from start to end")
    axes[-1].legend(frameon=False)
    write_figure(path, drawn)


def trial(first: Path, second: Path) -> None:
    """The run at -j1 gives the overhead of a job, with which the one at -j2 is simulated."""
    plan = Plan([first / "config.yaml"], replace=True)
    spans, times = zip(*(timed(results) for results in (first, second)), strict=True)
    graph = {
        job: [parent for parent in parents if parent in times[0]]
        for job, parents in plan.graph.items()
        if job in times[0]
    }
    single = dict.fromkeys(graph, 1)
    overhead = (spans[0] - sum(times[0].values())) / len(graph)
    print(f"{len(graph)} jobs; -j1: {spans[0]:.1f} s; overhead {overhead:.2f} s a job")
    simulated = makespan(graph, {job: times[1][job] + overhead for job in graph}, 2, single)
    print(f"-j2: {spans[1]:.1f} s measured, {simulated:.1f} s simulated; ratio {simulated / spans[1]:.2f}")


def timed(results: Path) -> tuple[float, dict[Job, float]]:
    """Return the seconds from the start of the first job to the end of the last, and the seconds of each job."""
    times = {job: timings["wall_seconds"] for job, timings in measured(results)}
    ends = [(path.stat().st_mtime, path) for path in (results / "benchmark").rglob("*.json") if path.stat().st_size]
    walls = dict(zip((path for _, path in sorted(ends, key=lambda end: end[1])), times.values(), strict=True))
    return max(end for end, _ in ends) - min(end - walls[path] for end, path in ends), times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figure", type=Path, help="SVG file to write; a PNG is written beside it")
    parser.add_argument("--overhead", type=float, default=0.1)
    parser.add_argument("--trial", type=Path, nargs=2, metavar="RESULTS")
    args = parser.parse_args()
    if args.trial:
        trial(*args.trial)
        return
    started = time.monotonic()
    show(args.overhead, args.figure)
    print(f"simulated in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
