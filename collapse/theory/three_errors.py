"""The three errors of Shumailov et al. (doi 10.1038/s41586-024-07566-y), one at a time and together.

Models are normal distributions of one dimension. A generation looks at data of the one before and is fitted to them:

- *statistical*: the truth is normal, the data are M points, the fit is exact (unbiased);
- *expressivity*: the truth has two modes, the data are infinite; the fit is the normal distribution with the truth's
  mean and variance, and every later fit is exact;
- *approximation*: the truth is normal, the data are infinite, but the optimiser is stopped: natural gradient descent on
  the divergence from the data (Amari 1998) moves the expected values (E x, E x²) of the model towards those of the data
  by `step_size` a step, and is stopped after `steps`, always from the same start;
- *all*: a truth with two modes, M points, a stopped optimiser.

Every truth has mean 0 and variance 1. All distances are squared 2-Wasserstein distances to the truth.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from collapse.seeds import derive_seed
from collapse.theory.gaussian import Fit, draw_summaries, exact, variants
from collapse.theory.monte_carlo import Row, beyond, summary

START = (0.5, 0.25)  # mean and variance that the optimiser starts from


@dataclass(frozen=True)
class Truth:
    """Two normal distributions of equal weight at ± `separation`, of total variance 1; one standard normal at 0."""

    separation: float

    def coupling(self) -> float:
        """E[X Φ⁻¹(F(X))], X of this truth and F its distribution function: how well a normal variable can follow X."""
        if self.separation == 0:
            return 1.0
        sd = np.sqrt(1 - self.separation**2)
        x = np.linspace(-self.separation - 12 * sd, 0, 20_001)  # the other half is its mirror image
        modes = (x[:, None] - [-self.separation, self.separation]) / sd
        integrand = x * norm.ppf(norm.cdf(modes).mean(1)) * norm.pdf(modes).mean(1) / sd
        return float(2 * np.trapezoid(integrand, x))


def w2_squared(mean: np.ndarray, sd: np.ndarray, coupling: float) -> np.ndarray:
    """Squared 2-Wasserstein distance of N(mean, sd²) to a truth of mean 0 and variance 1 with that `coupling`.

    In one dimension the best coupling joins equal quantiles (Villani, Topics in Optimal Transportation, 2003, theorem
    2.18), which leaves mean² + sd² + 1 − 2 sd · coupling.
    """
    squared: np.ndarray = mean**2 + sd**2 + 1 - 2 * sd * coupling
    return squared


def stopped(mean: np.ndarray, variance: np.ndarray, kept: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance that a stopped optimiser reaches for data of this mean and variance.

    `kept` = (1 − step_size)^steps is how much is left of the distance between start and data, in (E x, E x²).
    """
    first = kept * START[0] + (1 - kept) * mean
    second = kept * (START[1] + START[0] ** 2) + (1 - kept) * (variance + mean**2)
    return first, second - first**2


def draw_data(truth: Truth, chains: int, samples: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Mean and unbiased variance, (chains,), of `samples` points of the truth."""
    mean, variance = np.empty(chains), np.empty(chains)
    sd, at_once = np.sqrt(1 - truth.separation**2), max(1, 65_536 // samples)
    for start in range(0, chains, at_once):
        part = slice(start, min(start + at_once, chains))
        shape = (part.stop - part.start, samples)
        points = sd * rng.standard_normal(shape) + truth.separation * rng.choice((-1, 1), shape)
        mean[part], variance[part] = points.mean(1), points.var(1, ddof=1)
    return mean, variance


def simulate(
    truth: Truth, *, finite: bool, kept: float, chains: int, samples: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield mean and standard deviation of the models of generation 1, 2, …, each (chains,); (1,) without `finite`.

    `finite`: the data are `samples` points; otherwise they are infinite, and all chains are one. `kept`: see `stopped`;
    0 is an optimiser that arrives.
    """
    mean, variance = np.zeros(1), np.ones(1)
    first = True
    while True:
        if finite and first:
            mean, variance = draw_data(truth, chains, samples, rng)
        elif finite:
            data = draw_summaries(Fit(mean[:, None], np.sqrt(variance)[:, None, None]), samples, rng).fit()
            mean, variance = data.mean[:, 0], data.factor[:, 0, 0] ** 2
        if kept:
            mean, variance = stopped(mean, variance, kept)
        first = False
        yield mean, np.sqrt(variance)


@dataclass(frozen=True)
class Setting:
    """A choice among the three errors, and the theory of its squared distance by generation."""

    statistical: bool
    expressivity: bool
    approximation: bool
    theory: str

    def exact(self, coupling: float, kept: float, samples: int, generations: int) -> np.ndarray | None:
        """Expected squared distance to the truth, (generations,), for one error alone; None where it is not known."""
        if (self.statistical, self.expressivity, self.approximation) == (True, False, False):
            return exact(variants(2, 0)["unbiased"], 1, samples, generations)["w2_squared"]
        if self.statistical:
            return None
        left = (1 - kept if self.approximation else 1) ** np.arange(1, generations + 1)
        mean = (1 - left) * START[0]
        second = left + (1 - left) * (START[1] + START[0] ** 2)
        return w2_squared(mean, np.sqrt(second - mean**2), coupling)


SETTINGS = {
    "statistical": Setting(True, False, False, "grows by about 3/2 · 1/M a generation, without bound"),
    "expressivity": Setting(False, True, False, "appears at the first generation and stays as it is"),
    "approximation": Setting(
        False, False, True, "grows to that of the optimiser's start, to which E x and E x² return geometrically"
    ),
    "all": Setting(True, True, True, "has no closed form"),
}


def trajectories(
    *, chains: int, samples: int, generations: int, separation: float, step_size: float, steps: int, seed: int
) -> list[Row]:
    """Squared distances to the truth of every setting, simulated and exact: a row for each generation from 1.

    `chains` of a row is 1 where nothing is drawn; `exact` is None where there is no closed form.
    """
    rows: list[Row] = []
    for name, setting in SETTINGS.items():
        truth = Truth(separation if setting.expressivity else 0.0)
        kept = (1 - step_size) ** steps if setting.approximation else 0.0
        coupling = truth.coupling()
        expected = setting.exact(coupling, kept, samples, generations)
        rng = np.random.default_rng(derive_seed(seed, "three errors", name))
        models = simulate(truth, finite=setting.statistical, kept=kept, chains=chains, samples=samples, rng=rng)
        for generation in range(1, generations + 1):
            distances = w2_squared(*next(models), coupling)
            known = None if expected is None else float(expected[generation - 1])
            row = {"error": name, "generation": generation, "chains": len(distances), "exact": known}
            rows.append(row | summary(distances))
    return rows


def agreement(rows: Sequence[Row]) -> dict[str, Any]:
    """Agreement of exact values with simulated means in `trajectories`, and the first and last mean of each setting."""
    known = [row for row in rows if row["exact"] is not None]
    drawn = [row for row in known if row["standard_error"] > 0]
    certain = [row for row in known if row["standard_error"] == 0]
    last = max(row["generation"] for row in rows)
    means = {(row["error"], row["generation"]): row["simulated"] for row in rows}
    return {
        "rows": len(drawn),
        "rows_beyond_3_standard_errors": sum(beyond(row) for row in drawn),
        "largest_difference_without_draws": max(abs(row["exact"] - row["simulated"]) for row in certain),
        **{name: {f"generation{one}": means[name, one] for one in (1, last)} for name in SETTINGS},
    }
