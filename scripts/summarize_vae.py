"""Gather the numbers of every autoencoder into tidy tables, with intervals over seeds."""

import csv
from collections.abc import Sequence
from pathlib import Path

from collapse.artefacts import checked_manifest, write_json
from collapse.measures.registry import VAE_HEADLINE, VAE_NO_MEASURES
from collapse.statistics import summaries
from scripts.shared import job
from scripts.shared.summary_table import write_csv
from scripts.shared.timer import Timer


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

    rows: list[summaries.Row] = []
    densities: dict[tuple[str, int, float], list[float]] = {}
    for method, owner in job.pairs(args.method).items():
        for seed in args.seed:
            for generation in range(args.generations):
                maker = method if generation else owner
                folder = args.vae / maker / f"seed{seed}" / f"generation{generation}"
                expected = {"method": maker, "seed": seed, "generation": generation}
                checked_manifest(folder / "manifest.json", "autoencoder evaluation", expected)
                metrics = job.read_json(folder / "metrics.json")
                rows += summaries.measured(method, seed, generation, metrics, VAE_NO_MEASURES)
                for centre, density in read_latents(folder / "latents.csv"):
                    densities.setdefault((method, generation, centre), []).append(density)

    intervals = summaries.over_seeds(rows, args.confidence, args.resamples)
    write_csv(args.vae / "summary.csv", ("method", *summaries.Row._fields[1:]), rows)
    write_csv(args.vae / "intervals.csv", ("method", *summaries.Interval._fields[1:]), intervals)
    write_csv(
        args.vae / "latents.csv",
        ("method", "generation", "latent_mean", "density"),
        [(*place, sum(values) / len(values)) for place, values in densities.items()],
    )
    write_json(args.vae / "metrics.json", summaries.headline(intervals, VAE_HEADLINE, args.generations))
    work.finish()


def read_latents(path: Path) -> list[tuple[float, float]]:
    """Centre and density of each bin."""
    with path.open(newline="") as file:
        return [
            (round((float(row["low"]) + float(row["high"])) / 2, 6), float(row["density"]))
            for row in csv.DictReader(file)
        ]
