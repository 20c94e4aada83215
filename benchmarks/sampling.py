"""Speed of the discrete and Gaussian chains in samples a second on one core, and the share of random numbers in it.

    python -m benchmarks.sampling [--short] [--json FILE]

`share_of_drawing` is the time to draw the same random numbers alone, divided by the time of the chain. It is 1 for a
chain that takes no time beside its random numbers. The rounds of both alternate.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from collapse.theory import discrete, gaussian

CHAINS = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer rounds")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rounds, generations = (3, 5) if args.short else (9, 30)
    rng = np.random.default_rng(0)
    cases: dict[str, tuple[int, Callable[[], object], Callable[[], object]]] = {}
    for samples in (100, 1000, 10_000):
        for name, symbols, exponent in (("uniform", 6, None), ("zipf", 1000, 1.0)):
            p = discrete.probabilities(name, symbols, exponent)
            state = next(discrete.simulate(p, CHAINS, samples, seed=1))  # no chain is absorbed yet
            case = f"discrete, {name} of {symbols}, M = {samples:,}"
            cases[case] = (samples, partial(state.next, rng), drawing(state, samples, rng))
    for samples in (100, 1000, 10_000):
        for draws in gaussian.DRAWS:
            for dimensions in (1, 3):
                fits = gaussian.simulate(
                    gaussian.variants(2, 0.1)["unbiased"], gaussian.DRAWS[draws], CHAINS, dimensions, samples, rng
                )
                numbers = summaries if draws == "summaries" else points
                cases[f"gaussian, {draws}, {dimensions}d, M = {samples:,}"] = (
                    samples,
                    partial(next, fits),
                    partial(numbers, rng, samples, dimensions),
                )
    rows = []
    for name, (samples, step, draw) in cases.items():
        step()
        turns = max(1, min(generations, 30_000_000 // (CHAINS * samples)))
        chain_times, draw_times = [], []
        for _ in range(rounds):
            chain_times.append(seconds(step, turns))
            draw_times.append(seconds(draw, turns))
        rate = CHAINS * samples / statistics.median(chain_times)
        share = statistics.median(drawn / whole for drawn, whole in zip(draw_times, chain_times, strict=True))
        rows.append(
            {"case": name, "samples_per_second_and_core": float(f"{rate:.3g}"), "share_of_drawing": round(share, 2)}
        )
        print(f"{name:45} {rate:12.3g} samples/s  drawing alone {share:5.0%}")
    if args.json:
        args.json.write_text(json.dumps({"rows": rows}, indent=1) + "\n")


def seconds(step: Callable[[], object], turns: int) -> float:
    started = time.perf_counter()
    for _ in range(turns):
        step()
    return (time.perf_counter() - started) / turns


def drawing(
    state: discrete.ByIndex | discrete.ByCount, samples: int, rng: np.random.Generator
) -> Callable[[], np.ndarray]:
    """Return a function that draws the random numbers of one generation of discrete chains."""
    if isinstance(state, discrete.ByIndex):
        return lambda: rng.integers(0, samples, size=(CHAINS, samples), dtype=np.uint32)
    return lambda: rng.multinomial(samples, state.sample / samples)


def points(rng: np.random.Generator, samples: int, dimensions: int) -> None:
    """Draw normal numbers for every point, into a small array that stays in the cache, as the chains do."""
    block = np.empty(min(CHAINS * samples * dimensions, 32_768))
    for _ in range(max(1, CHAINS * samples * dimensions // len(block))):
        rng.standard_normal(out=block)


def summaries(rng: np.random.Generator, samples: int, dimensions: int) -> None:
    """Draw normal numbers for the mean, and chi-squared and normal numbers for the scatter matrix."""
    rng.standard_normal((CHAINS, dimensions))
    for row in range(dimensions):
        rng.chisquare(samples - 1 - row, CHAINS)
        rng.standard_normal((CHAINS, row))


if __name__ == "__main__":
    main()
