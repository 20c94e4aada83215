"""A distribution over symbols, sampled M times and refitted by counting, over and over: Wright–Fisher drift.

The fitted distribution after k generations is the composition of the last sample, so a chain is a Markov chain on
compositions of M, absorbed when one symbol is left. Generation 0 is the true distribution.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from collapse.theory.monte_carlo import Progress, Row, measured, rows_of

FEWEST_CHAINS = 30  # a mean to which fewer chains contribute has no usable standard error
SYMBOLS_SHOWN = 6  # probabilities of the first so many symbols are followed


def probabilities(kind: str, symbols: int, exponent: float | None) -> np.ndarray:
    """The true distribution, (symbols,), the most probable symbol first: `uniform`, or `zipf` ∝ 1 / rank^exponent."""
    if kind == "uniform":
        return np.full(symbols, 1 / symbols)
    weights: np.ndarray = np.arange(1, symbols + 1) ** -float(exponent or 0)
    weights /= weights.sum()
    return weights


@dataclass(frozen=True)
class ByIndex:
    """The last sample itself, (chains, samples) of symbol numbers.

    To draw from a fitted distribution is to draw, with replacement, from the sample that it was fitted to: a generation
    costs one random index and one look-up a sample, whatever the number of symbols.
    """

    sample: np.ndarray
    symbols: int

    @classmethod
    def first(cls, p: np.ndarray, chains: int, samples: int, rng: np.random.Generator) -> "ByIndex":
        bounds = np.cumsum(p)
        bounds[-1] = 1  # rounding may leave it below
        drawn = np.searchsorted(bounds, rng.random((chains, samples)), side="right")
        return cls(drawn.astype(np.min_scalar_type(len(p) - 1)), len(p))

    def next(self, rng: np.random.Generator) -> "ByIndex":
        chains, samples = self.sample.shape
        chosen = rng.integers(0, samples, size=(chains, samples), dtype=np.uint32)
        return ByIndex(np.take_along_axis(self.sample, chosen, axis=1), self.symbols)

    def counts(self) -> np.ndarray:
        rows = np.arange(len(self.sample))[:, None] * self.symbols
        flat = np.bincount((self.sample + rows).ravel(), minlength=len(self.sample) * self.symbols)
        return flat.reshape(-1, self.symbols)


@dataclass(frozen=True)
class ByCount:
    """The counts of the last sample, (chains, symbols): a generation costs a binomial draw a symbol, whatever M."""

    sample: np.ndarray

    @classmethod
    def first(cls, p: np.ndarray, chains: int, samples: int, rng: np.random.Generator) -> "ByCount":
        return cls(rng.multinomial(samples, p, size=chains))

    def next(self, rng: np.random.Generator) -> "ByCount":
        samples = int(self.sample[0].sum())
        return ByCount(rng.multinomial(samples, self.sample / samples))

    def counts(self) -> np.ndarray:
        return self.sample


def simulate(p: np.ndarray, chains: int, samples: int, seed: int) -> Iterator[ByIndex | ByCount]:
    """Yield the samples of generation 1, 2, …, kept in whichever of the two forms draws fewer random numbers."""
    rng = np.random.default_rng(seed)
    state: ByIndex | ByCount = (ByCount if 8 * len(p) < samples else ByIndex).first(p, chains, samples, rng)
    while True:
        yield state
        state = state.next(rng)


def measures(counts: np.ndarray, p: np.ndarray) -> dict[str, np.ndarray]:
    """Measures of each chain, every value (chains,); docs/method.md has the definitions."""
    fitted = counts / counts.sum(1, keepdims=True)
    support = (counts > 0).sum(1)
    return {
        "heterozygosity": 1 - (fitted**2).sum(1),
        "entropy": -np.where(counts > 0, fitted * np.log(np.maximum(fitted, np.finfo(float).tiny)), 0).sum(1),
        "support": support.astype(float),
        "absorbed": (support == 1).astype(float),
        "squared_error": ((fitted - p) ** 2).sum(1),
        **{f"probability_of_symbol_{one + 1}": fitted[:, one] for one in range(min(SYMBOLS_SHOWN, len(p)))},
    }


def exact(p: np.ndarray, samples: int, generation: int) -> dict[str, float]:
    """Expectations that are known in closed form, after `generation` refits of `samples` draws.

    Heterozygosity 1 − Σ p² falls by 1 − 1/M a generation (Wright 1931). Each fitted probability is a martingale: its
    mean stays p, its variance is p (1 − p) (1 − (1 − 1/M)^k), and once all chains are absorbed it is 1 in a share p.
    The number of symbols left is known after the first sample.
    """
    kept = (1 - 1 / samples) ** generation
    values = {
        "heterozygosity": kept * (1 - (p**2).sum()),
        "squared_error": (p * (1 - p)).sum() * (1 - kept),
        **{f"probability_of_symbol_{one + 1}": p[one] for one in range(min(SYMBOLS_SHOWN, len(p)))},
    }
    if generation == 1:
        values["support"] = -np.expm1(samples * np.log1p(-p)).sum()
    return {name: float(value) for name, value in values.items()}


def trajectory(
    p: np.ndarray,
    *,
    chains: int,
    samples: int,
    generations: Collection[int],
    seed: int,
    progress: Progress = lambda done, total: None,
) -> list[Row]:
    """Simulated chains beside theory: a row for each quantity at each of `generations`, which count from 1.

    A row is `comparable` where theory knows the quantity and enough chains are left to compare it with: in expectation
    `FEWEST_CHAINS` chains times the heterozygosity of one that has not been absorbed.
    """
    rows: list[Row] = []
    for generation, state in measured(simulate(p, chains, samples, seed), generations, progress):
        known = exact(p, samples, generation)
        enough = chains * known["heterozygosity"] >= FEWEST_CHAINS
        for row in rows_of(measures(state.counts(), p), known, samples, generation):
            name = row["quantity"]
            rows.append(row | {"comparable": name in known and (name != "heterozygosity" or enough)})
    return rows
