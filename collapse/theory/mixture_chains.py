"""Chains of refitted mixtures: their generations, measures, tables and pictures."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch

from collapse.seeds import derive_seed
from collapse.theory import mixture
from collapse.theory.mixture import Mixtures

Columns = dict[str, list[Any]]

MEASURED = 20  # generations between two kept ones at which all chains are measured
COLLAPSED = 0.01  # a chain has collapsed when its total variance is below this share of the original's
HALF_WIDTH, GRID = 4.5, 97  # of the pictures: from −4.5 to 4.5 in both directions, with so many points
FRAMES = 40  # of the animation


def simulate(
    original: str,
    state: Mixtures,
    generations: Iterable[int],
    *,
    samples: int,
    seed: int,
    tolerance: float,
    max_iterations: int,
    regularization: float,
) -> Iterator[tuple[int, Mixtures]]:
    """Yield each of `generations`, which follow each other, with its mixtures; `state` is the generation before them.

    Generation 0 is the original, from which `state` is then taken. Each generation draws from its own seed, so that a
    chain goes on from any kept generation as if it had never stopped.
    """
    for generation in generations:
        if generation > 0:
            rng = np.random.default_rng(derive_seed(seed, "mixture", original, samples, generation))
            start = state if generation > 1 else mixture.stated(mixture.STARTS[original], len(state.weights))
            points = mixture.sample(state, samples, rng)
            state = mixture.fit(points, start, tolerance, max_iterations, regularization)
        yield generation, state


def measured_generations(first: int, last: int) -> set[int]:
    """Generations from `first` to `last`, spread evenly, at which all chains are measured; the last is one of them."""
    return {last, *np.linspace(first, last, MEASURED).round().astype(int).tolist()}


def measures(truth: Mixtures, state: Mixtures, generation: int) -> Columns:
    """A row for each chain: distance of the densities, trace of the covariance, the smaller of the two weights."""
    chains = len(state.weights)
    return {
        "generation": [generation] * chains,
        "chain": list(range(chains)),
        "l2_distance": mixture.l2_distance(truth, state).tolist(),
        "total_variance": mixture.total_variance(state).tolist(),
        "smaller_weight": state.weights.amin(1).tolist(),
        "absorbed": state.absorbed.tolist(),
    }


def quantities(chains: Mapping[str, np.ndarray], original: str) -> dict[str, np.ndarray]:
    """Quantities of the summary, every value (chains,) float, from the columns of `measures` at one generation."""
    variance = float(mixture.total_variance(mixture.stated(mixture.ORIGINALS[original], 1)))
    relative = chains["total_variance"] / variance
    return {
        "l2_distance": chains["l2_distance"],
        "relative_variance": relative,
        "collapsed": (relative < COLLAPSED).astype(float),
        "absorbed": chains["absorbed"].astype(float),
        "smaller_weight": chains["smaller_weight"],
    }


def columns(state: Mixtures) -> Columns:
    """A row for each chain and component."""
    chains = len(state.weights)
    return {
        "chain": [chain for chain in range(chains) for _ in range(2)],
        "component": [0, 1] * chains,
        "weight": state.weights.flatten().tolist(),
        "mean_x": state.means[..., 0].flatten().tolist(),
        "mean_y": state.means[..., 1].flatten().tolist(),
        "variance_x": state.covariances[..., 0, 0].flatten().tolist(),
        "covariance_xy": state.covariances[..., 0, 1].flatten().tolist(),
        "variance_y": state.covariances[..., 1, 1].flatten().tolist(),
        "absorbed": state.absorbed.repeat_interleave(2).tolist(),
    }


def from_columns(values: Mapping[str, np.ndarray]) -> Mixtures:
    """The reverse of `columns`."""
    covariances = [values[name] for name in ("variance_x", "covariance_xy", "covariance_xy", "variance_y")]
    return Mixtures(
        torch.tensor(values["weight"].reshape(-1, 2)),
        torch.tensor(np.stack([values["mean_x"], values["mean_y"]], axis=1).reshape(-1, 2, 2)),
        torch.tensor(np.stack(covariances, axis=1).reshape(-1, 2, 2, 2)),
        torch.tensor(values["absorbed"][::2]),
    )


def read_chains(path: Path) -> Mixtures:
    """Read Parquet whose columns `columns` made."""
    table = pq.ParquetFile(path).read()
    return from_columns({name: table.column(name).to_numpy() for name in table.column_names})


def joined(parts: list[Columns]) -> Columns:
    """Tables of the same columns, one below the other."""
    return {name: [value for part in parts for value in part[name]] for name in parts[0]}


def frame_generations(last: int) -> list[int]:
    """Generations of the animation: dense at first, the last one included."""
    return sorted({0, last, *np.geomspace(1, max(last, 1), FRAMES).round().astype(int).tolist()})


def picture(state: Mixtures) -> list[int]:
    """Density of the first chain on the grid, row by row, as a picture of this resolution shows it: 255 is its maximum.

    The variance of a grid cell is added, so that a chain narrower than a cell is one dot and not lost between points.
    """
    axis = torch.linspace(-HALF_WIDTH, HALF_WIDTH, GRID, dtype=torch.float64)
    cell, state = float(axis[1] - axis[0]), state[:1]
    blurred = Mixtures(state.weights, state.means, state.covariances + cell**2 / 4 * torch.eye(2), state.absorbed)
    density = mixture.density(blurred, axis, axis)[0].flatten()
    shades: list[int] = (255 * density / density.max()).round().byte().tolist()
    return shades
