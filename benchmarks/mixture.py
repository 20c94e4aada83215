"""Batched EM against a loop over scikit-learn's GaussianMixture: 100 chains of 200 generations at M = 1,000.

    python -m benchmarks.mixture [--short] [--json FILE]

Both sample the fit before, start EM from it, and stop by the same rule. Ours runs in one process a core, a part of the
chains each. scikit-learn runs as a plain loop, once with its threads as they are and once with one thread, in rounds
that alternate with ours; it runs one chain of 200 generations, and times are compared by the fit. Also measured:
scikit-learn's own k-means start, as the released code of the paper has it.
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
            shares = [(turn * cores + one, chains // cores, generations) for one in range(cores)]
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
            **ratios([peer / own for peer, own in zip(times, ours, strict=True)]),
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
    """Some chains, from start to end, on one core."""
    seed, chains, generations = job
    torch.set_num_threads(1)
    state = stated(ORIGINALS["overlapping"], chains)
    for generation in range(generations):
        points = sample(state, SAMPLES, np.random.default_rng([seed, generation]))
        state = fit(points, state, TOLERANCE, ITERATIONS, REGULARIZATION)


def loop(fits: int, threads: int | None, start: bool) -> float:
    """Seconds a fit of one chain of so many generations."""
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
