"""Gather the mixtures' chains into tables: distances and variances by generation, and densities for the pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch

from collapse.artefacts import checked_manifest, write_columns, write_json, write_text
from collapse.theory import mixture
from collapse.theory.mixture import Mixtures
from collapse.theory.monte_carlo import summary
from scripts.shared import job
from scripts.shared.timer import Timer
from scripts.simulate_mixture import read_chains

HALF_WIDTH, GRID = 4.5, 97  # of the pictures: from −4.5 to 4.5 in both directions, with so many points
FRAMES = 40  # of the animation
COLLAPSED = 0.01  # a chain has collapsed when its total variance is below this share of the original's


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--mixture", type=Path, required=True, help="results/<experiment>/mixture")
    parser.add_argument("--original", action="append", required=True)
    parser.add_argument("--samples", type=int, action="append", required=True)
    parser.add_argument("--generation", type=int, action="append", required=True)
    for name in ("chains", "seed", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)
    torch.set_num_threads(args.threads)

    rows: list[dict] = []
    pictures: list[dict] = []
    frames: list[dict] = []
    metrics: dict = {}
    shown = min(args.samples)  # pictures are of the chains that collapse first
    for original in args.original:
        variance = float(mixture.total_variance(mixture.stated(mixture.ORIGINALS[original], 1)))
        for samples in args.samples:
            folders = [args.mixture / original / f"samples{samples}" / f"generation{one}" for one in args.generation]
            for generation, folder in zip(args.generation, folders, strict=True):
                place = {"original": original, "samples": samples, "chains": args.chains, "seed": args.seed}
                checked_manifest(folder / "manifest.json", "mixture chains", place | {"generation": generation})
            measures = pd.concat([pd.read_parquet(folder / "measures.parquet") for folder in folders])
            measures["relative_variance"] = measures["total_variance"] / variance
            measures["collapsed"] = measures["relative_variance"] < COLLAPSED
            place = {"original": original, "samples": samples, "half_width": HALF_WIDTH}
            for generation, chains in measures.groupby("generation"):
                for quantity in ("l2_distance", "relative_variance", "collapsed", "absorbed", "smaller_weight"):
                    values = chains[quantity].to_numpy(float)
                    rows.append(
                        {"original": original, "samples": samples, "generation": generation, "quantity": quantity}
                        | summary(values)
                    )
            last = measures.loc[measures["generation"] == args.generation[-1]]
            metrics.setdefault(original, {})[f"samples{samples}"] = {
                "collapsed": float(last["collapsed"].mean()),
                "median_l2_distance": float(last["l2_distance"].median()),
            }
            if samples == shown:
                for generation, folder in zip(args.generation, folders, strict=True):
                    first = read_chains(folder / "chains.parquet")[:1]
                    pictures.append(place | {"generation": generation, "density": seen(first)})
                if original == args.original[0]:
                    path = pd.concat([pd.read_parquet(folder / "first_chain.parquet") for folder in folders])
                    for generation in spaced(args.generation[-1]):
                        one = path.loc[path["generation"] == generation]
                        frames.append(place | {"generation": generation, "density": seen(from_rows(one))})

    write_text(args.mixture / "summary.csv", pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))
    for name, table in (("densities", pictures), ("frames", frames)):
        columns = {key: [row[key] for row in table] for key in table[0]}
        pixels = pa.array(columns.pop("density"), pa.list_(pa.uint8()))
        write_columns(args.mixture / f"{name}.parquet", columns | {"density": pixels})
    write_json(args.mixture / "metrics.json", metrics)
    work.finish()


def spaced(last: int) -> list[int]:
    """Generations of the animation: dense at first, the last one included."""
    return sorted({0, last, *np.geomspace(1, max(last, 1), FRAMES).round().astype(int).tolist()})


def seen(state: Mixtures) -> list[int]:
    """Density of the first chain on the grid, row by row, as a picture of this resolution shows it: 255 is its maximum.

    The variance of a grid cell is added, so that a chain narrower than a cell is one dot and not lost between points.
    """
    axis = torch.linspace(-HALF_WIDTH, HALF_WIDTH, GRID, dtype=torch.float64)
    cell = float(axis[1] - axis[0])
    blurred = Mixtures(state.weights, state.means, state.covariances + cell**2 / 4 * torch.eye(2), state.absorbed)
    density = mixture.density(blurred, axis, axis)[0].flatten()
    return (255 * density / density.max()).round().byte().tolist()


def from_rows(rows: pd.DataFrame) -> Mixtures:
    """One chain of first_chain.parquet."""
    covariances = rows[["variance_x", "covariance_xy", "covariance_xy", "variance_y"]].to_numpy().reshape(1, 2, 2, 2)
    return Mixtures(
        torch.tensor(rows["weight"].to_numpy()[None]),
        torch.tensor(rows[["mean_x", "mean_y"]].to_numpy()[None]),
        torch.tensor(covariances),
        torch.zeros(1, dtype=torch.bool),
    )


if __name__ == "__main__":
    job.run(main)
