"""Gather the numbers of every autoencoder into tidy tables, with intervals over seeds."""

import csv
from itertools import product
from pathlib import Path

from collapse.artefacts import checked_manifest, write_json
from collapse.measures.registry import VAE_HEADLINE, VAE_NO_MEASURES
from collapse.statistics import summaries
from scripts.shared import job
from scripts.shared.command import command
from scripts.shared.summary_table import write_csv


@command(__doc__)
def main(vae: Path, method: list[str], seed: list[int], generations: int, confidence: float, resamples: int) -> None:
    """Write the tables of results/<experiment>/vae. `method` is METHOD=the method whose generation 0 it shares."""
    rows: list[summaries.Row] = []
    densities: dict[tuple[str, int, float], list[float]] = {}
    for (name, first), number, generation in product(job.pairs(method).items(), seed, range(generations)):
        maker = name if generation else first
        folder = vae / maker / f"seed{number}" / f"generation{generation}"
        expected = {"method": maker, "seed": number, "generation": generation}
        checked_manifest(folder / "manifest.json", "autoencoder evaluation", expected)
        metrics = job.read_json(folder / "metrics.json")
        rows += summaries.measured(name, number, generation, metrics, VAE_NO_MEASURES)
        for centre, density in read_latents(folder / "latents.csv"):
            densities.setdefault((name, generation, centre), []).append(density)

    intervals = summaries.over_seeds(rows, confidence, resamples)
    write_csv(vae / "summary.csv", ("method", *summaries.Row._fields[1:]), rows)
    write_csv(vae / "intervals.csv", ("method", *summaries.Interval._fields[1:]), intervals)
    write_csv(
        vae / "latents.csv",
        ("method", "generation", "latent_mean", "density"),
        [(*place, sum(values) / len(values)) for place, values in densities.items()],
    )
    write_json(vae / "metrics.json", summaries.headline(intervals, VAE_HEADLINE, generations))


def read_latents(path: Path) -> list[tuple[float, float]]:
    """Read the centre and the density of each bin."""
    with path.open(newline="") as file:
        return [
            (round((float(row["low"]) + float(row["high"])) / 2, 6), float(row["density"]))
            for row in csv.DictReader(file)
        ]
