"""Speed of batched EM against a loop over scikit-learn's GaussianMixture: 100 chains, 200 generations, M = 1,000.

    python -m benchmarks.mixture [--short] [--json FILE]

Both draw samples from the previous fit, start EM from it, and stop by the same rule. This project's EM runs in one
process for each core, with a part of the chains. scikit-learn runs one chain of 200 generations as a plain loop, once
with its own number of threads and once with one thread. The rounds of both alternate, and the time of one fit is
compared. A third peer is scikit-learn's own k-means start, as in the released code of the paper.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from collapse.theory.mixture import ORIGINALS, Mixtures, fit, sample, stated

SAMPLES, TOLERANCE, ITERATIONS, REGULARIZATION = 1000, 1e-5, 2000, 1e-6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer generations, one round")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    chains, generations, rounds = (100, 10, 1) if args.short else (100, 200, 3)
    cores = os.cpu_count() or 1
    peers = {
        "scikit-learn, same start": partial(loop, threads=None, start=True),
        "scikit-learn, same start, one thread": partial(loop, threads=1, start=True),
        "scikit-learn, k-means start, one thread": partial(loop, threads=1, start=False),
    }
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    ours: list[float] = []
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        pool.map(part, [(0, 2, 2)] * cores)  # imports and first calls
        for turn in range(rounds):
            shares = [(turn * cores + core, chains // cores, generations) for core in range(cores)]
            started = time.perf_counter()
            pool.map(part, shares)
            ours.append((time.perf_counter() - started) / (chains // cores * cores * generations))
            for name, peer in peers.items():
                seconds[name].append(peer(10 if args.short else 200))
    rows = [
        {
            "peer": name,
            "milliseconds_a_fit": 1000 * statistics.median(times),
            "ours_milliseconds_a_fit": 1000 * statistics.median(ours),
            **ratios([theirs / own for theirs, own in zip(times, ours, strict=True)]),
        }
        for name, times in seconds.items()
    ]
    text = json.dumps({"cores": cores, "chains": chains, "generations": generations, "rows": rows}, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")


def ratios(values: list[float]) -> dict[str, float]:
    return {"ratio_median": statistics.median(values), "ratio_min": min(values), "ratio_max": max(values)}


def part(job: tuple[int, int, int]) -> None:
    """Run some chains from start to end on one core."""
    seed, chains, generations = job
    torch.set_num_threads(1)
    state = stated(ORIGINALS["overlapping"], chains)
    for generation in range(generations):
        points = sample(state, SAMPLES, np.random.default_rng([seed, generation]))
        state = fit(points, state, TOLERANCE, ITERATIONS, REGULARIZATION)


def loop(fits: int, threads: int | None, start: bool) -> float:
    """Run one chain of `fits` generations with scikit-learn; return the seconds of one fit."""
    state = stated(ORIGINALS["overlapping"], 1)
    with threadpool_limits(threads):
        started = time.perf_counter()
        for generation in range(fits):
            points = sample(state, SAMPLES, np.random.default_rng([1, generation]))[0].T.numpy()
            given = {
                "weights_init": state.weights[0].numpy(),
                "means_init": state.means[0].numpy(),
                "precisions_init": np.linalg.inv(state.covariances[0].numpy()),
            }
            peer = GaussianMixture(
                2,
                tol=TOLERANCE,
                max_iter=ITERATIONS,
                reg_covar=REGULARIZATION,
                random_state=0,
                **(given if start else {}),
            ).fit(points)
            state = Mixtures(
                torch.tensor(peer.weights_[None]),
                torch.tensor(peer.means_[None]),
                torch.tensor(peer.covariances_[None]),
                state.absorbed,
            )
        return (time.perf_counter() - started) / fits


if __name__ == "__main__":
    main()
