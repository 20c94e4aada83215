"""Gather the numbers of every autoencoder into tidy tables, with intervals over seeds."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from collapse.artefacts import checked_manifest, write_json
from scripts.shared import job
from scripts.shared.timer import Timer
from scripts.summarize import over_seeds, write_csv

NOT_MEASURES = {"method", "seed", "generation"}
SHOWN = ("latent_mean_sd", "frechet_distance", "pixel_sd", "classes", "test_loss")


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--vae", type=Path, required=True, help="results/<experiment>/vae")
    parser.add_argument("--method", action="append", required=True, metavar="METHOD=OWNER OF ITS GENERATION 0")
    parser.add_argument("--seed", type=int, action="append", required=True)
    parser.add_argument("--generations", type=int, required=True)
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--resamples", type=int, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    rows: list[tuple] = []
    densities: dict[tuple, list[float]] = {}
    for method, owner in job.pairs(args.method).items():
        for seed in args.seed:
            for generation in range(args.generations):
                maker = method if generation else owner
                folder = args.vae / maker / f"seed{seed}" / f"generation{generation}"
                expected = {"method": maker, "seed": seed, "generation": generation}
                checked_manifest(folder / "manifest.json", "autoencoder evaluation", expected)
                metrics = job.read_json(folder / "metrics.json")
                rows += [
                    (method, seed, generation, name, value)
                    for name, value in sorted(metrics.items())
                    if name not in NOT_MEASURES
                ]
                for centre, density in read_latents(folder / "latents.csv"):
                    densities.setdefault((method, generation, centre), []).append(density)

    intervals = list(over_seeds(rows, args.confidence, args.resamples))
    write_csv(args.vae / "summary.csv", ("method", "seed", "generation", "metric", "value"), rows)
    write_csv(args.vae / "intervals.csv", ("method", "generation", "metric", "seeds", "mean", "low", "high"), intervals)
    write_csv(
        args.vae / "latents.csv",
        ("method", "generation", "latent_mean", "density"),
        ((*place, sum(values) / len(values)) for place, values in densities.items()),
    )
    write_json(args.vae / "metrics.json", headline(intervals, args.generations))
    work.finish()


def read_latents(path: Path) -> list[tuple[float, float]]:
    """Centre and density of each bin."""
    with path.open(newline="") as file:
        return [
            (round((float(row["low"]) + float(row["high"])) / 2, 6), float(row["density"]))
            for row in csv.DictReader(file)
        ]


def headline(intervals: Iterable[tuple], generations: int) -> dict:
    """The few numbers that a comparison of two runs looks at first: method → measure → first and last generation."""
    numbers: dict = {}
    for method, generation, metric, _, mean, _, _ in intervals:
        if metric in SHOWN and generation in (0, generations - 1):
            numbers.setdefault(method, {}).setdefault(metric, {})[f"generation{generation}"] = mean
    return numbers


if __name__ == "__main__":
    job.run(main)
