"""A normal distribution, sampled and refitted by mean and covariance, over and over, with what theory says of it.

A fit needs no more of a sample than its size, mean and scatter matrix. These have known distributions (Cochran 1934;
Bartlett 1933): mean ~ N(μ, Σ/n) and scatter ~ Wishart(Σ, n − 1), independent. So a generation of a chain costs a few
random numbers whatever the sample size; `draw_samples` draws the points themselves, for comparison.

The truth is the standard normal distribution of d dimensions; generation 0 is the truth, generation k the k-th fit.
All functions work on many chains at once.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln, polygamma
from scipy.stats import norm

from collapse.theory.monte_carlo import QUANTILES, Progress, Row, measured, rows_of

HEAVY_TAILED = ("mean_squared_error", "variance", "sample_variance", "sd", "w2_squared")


@dataclass(frozen=True)
class Summary:
    """Samples of `size` points: mean (chains, d) and a lower factor F of the scatter matrix F Fᵀ, (chains, d, d)."""

    size: int
    mean: np.ndarray
    factor: np.ndarray

    def fit(self, biased: bool = False) -> "Fit":
        """Mean and covariance: scatter over n − 1, or over n if `biased` (maximum likelihood)."""
        return Fit(self.mean, self.factor / np.sqrt(self.size - (not biased)))

    def merge(self, other: "Summary") -> "Summary":
        """Summary of both samples together (Chan, Golub & LeVeque 1983)."""
        size = self.size + other.size
        gap = other.mean - self.mean
        between = gap[:, :, None] * gap[:, None, :] * (self.size * other.size / size)
        scatter = self.factor @ self.factor.mT + other.factor @ other.factor.mT + between
        return Summary(size, self.mean + gap * (other.size / size), lower_factor(scatter))


@dataclass(frozen=True)
class Fit:
    """Normal distributions: mean (chains, d), and a lower factor L of the covariance L Lᵀ, (chains, d, d)."""

    mean: np.ndarray
    factor: np.ndarray

    @classmethod
    def standard(cls, chains: int, dimensions: int) -> "Fit":
        """The truth."""
        identity = np.broadcast_to(np.eye(dimensions), (chains, dimensions, dimensions))
        return cls(np.zeros((chains, dimensions)), identity)


def lower_factor(scatter: np.ndarray) -> np.ndarray:
    """Cholesky factors of (chains, d, d); of a matrix that has none by rounding, that of its diagonal."""
    if scatter.shape[-1] == 1:
        deviations: np.ndarray = np.sqrt(np.maximum(scatter, 0))
        return deviations
    try:
        return np.linalg.cholesky(scatter)
    except np.linalg.LinAlgError:
        diagonal = np.sqrt(np.maximum(np.diagonal(scatter, axis1=1, axis2=2), 0))
        factors: np.ndarray = diagonal[:, :, None] * np.eye(scatter.shape[-1])
        for chain, one in enumerate(scatter):
            try:
                factors[chain] = np.linalg.cholesky(one)
            except np.linalg.LinAlgError:
                continue
        return factors


Draw = Callable[[Fit, int, np.random.Generator], Summary]


def draw_summaries(fit: Fit, size: int, rng: np.random.Generator) -> Summary:
    """Summaries of one sample of `size` points from each of the normal distributions, without drawing the points."""
    chains, dimensions = fit.mean.shape
    step = (fit.factor @ rng.standard_normal((chains, dimensions, 1)))[:, :, 0]
    bartlett = np.zeros((chains, dimensions, dimensions))
    for row in range(dimensions):
        if size - 1 > row:  # fewer points than dimensions span fewer
            bartlett[:, row, row] = np.sqrt(rng.chisquare(size - 1 - row, chains))
        columns = min(row, size - 1)
        bartlett[:, row, :columns] = rng.standard_normal((chains, columns))
    return Summary(size, fit.mean + step / np.sqrt(size), fit.factor @ bartlett)


def draw_samples(fit: Fit, size: int, rng: np.random.Generator) -> Summary:
    """The same from the points themselves, a few chains at a time so that these stay in the processor's cache."""
    chains, dimensions = fit.mean.shape
    mean, scatter = np.empty((chains, dimensions)), np.empty((chains, dimensions, dimensions))
    at_once = max(1, 32_768 // (size * dimensions))
    points = np.empty((at_once, size, dimensions))
    for start in range(0, chains, at_once):
        part = slice(start, min(start + at_once, chains))
        drawn = points[: part.stop - part.start]
        rng.standard_normal(out=drawn)
        centre = drawn.mean(1)
        if dimensions == 1:
            flat = drawn[:, :, 0]
            flat -= centre
            spread = np.einsum("cn,cn->c", flat, flat)[:, None, None]
        else:
            drawn -= centre[:, None]
            spread = drawn.mT @ drawn
        factor = fit.factor[part]
        mean[part] = fit.mean[part] + (factor @ centre[:, :, None])[:, :, 0]
        scatter[part] = factor @ spread @ factor.mT
    return Summary(size, mean, lower_factor(scatter))


DRAWS: dict[str, Draw] = {"summaries": draw_summaries, "samples": draw_samples}


@dataclass(frozen=True)
class Variant:
    """Rule by which the next sample is made and fitted."""

    exponent: float = 0  # generation k draws M k^exponent points
    biased: bool = False
    accumulate: bool = False  # fitted to all samples so far, the first of which is real
    real_fraction: float = 0  # share of every sample that is drawn from the truth

    def size(self, samples: int, generation: int) -> int:
        return round(float(samples * generation**self.exponent))

    def real_size(self, samples: int) -> int:
        return round(self.real_fraction * samples)


def variants(superlinear_exponent: float, real_fraction: float) -> dict[str, Variant]:
    """All variants by name."""
    return {
        "unbiased": Variant(),
        "biased": Variant(biased=True),
        "linear": Variant(exponent=1),
        "superlinear": Variant(exponent=superlinear_exponent),
        "accumulate": Variant(accumulate=True),
        "real": Variant(real_fraction=real_fraction),
    }


def simulate(
    variant: Variant, draw: Draw, chains: int, dimensions: int, samples: int, rng: np.random.Generator
) -> Iterator[Fit]:
    """Yield the fits of generation 1, 2, …"""
    truth = Fit.standard(chains, dimensions)
    fit, pool, generation = truth, None, 0
    while True:
        generation += 1
        size = variant.size(samples, generation)
        real = variant.real_size(samples)
        sample = draw(fit, size - real, rng)
        if real:
            sample = sample.merge(draw(truth, real, rng))
        if variant.accumulate:
            pool = sample if pool is None else pool.merge(sample)
            sample = pool
        fit = sample.fit(variant.biased)
        yield fit


def measures(fit: Fit) -> dict[str, np.ndarray]:
    """Measures of each chain against the standard normal truth, every value (chains,).

    `w2_squared` is the squared 2-Wasserstein distance |μ|² + Σ (1 − s)², s the singular values of the factor.
    """
    mean_square = (fit.mean**2).mean(1)
    variance = (fit.factor**2).sum((1, 2)) / fit.mean.shape[1]
    singular = fit.factor[:, :, 0] if fit.mean.shape[1] == 1 else np.linalg.svd(fit.factor, compute_uv=False)
    diagonal = np.abs(np.diagonal(fit.factor, axis1=1, axis2=2))
    values = {
        "mean_squared_error": mean_square,
        "variance": variance,
        "sample_variance": mean_square + variance,
        "log_generalized_variance": 2 * np.log(np.maximum(diagonal, np.finfo(float).tiny)).sum(1),
        "w2_squared": (fit.mean**2).sum(1) + ((1 - np.abs(singular)) ** 2).sum(1),
        "absorbed": (diagonal.min(1) < 1e-150).astype(float),
    }
    if fit.mean.shape[1] == 1:
        sd = np.abs(fit.factor[:, 0, 0])
        values |= {"sd": sd, "mean_error": np.abs(fit.mean[:, 0]), "sd_error": np.abs(sd - 1)}
    return values


def exact(variant: Variant, dimensions: int, samples: int, generations: int) -> dict[str, np.ndarray]:
    """Expectations known in closed form, each (generations,) for generation 1, 2, …

    The expected variance s and the expected squared error v of a mean follow linear recursions in every variant. For
    the others c₄(n) = √(2/(n−1)) Γ(n/2) / Γ((n−1)/2) is E[σ̂]/σ of n points, and E log χ²_ν = ψ(ν/2) + log 2.
    `w2_first_order` is the leading term of `w2_squared` for small k/M: d (d + 5) / 4 · Σ 1/M_i, 3/2 in one dimension.
    """
    mean_error, variance = np.empty(generations), np.empty(generations)
    v, s = 0.0, 1.0
    sizes = np.array([variant.size(samples, k) for k in range(1, generations + 1)], dtype=float)
    real = variant.real_size(samples)
    for index, size in enumerate(sizes):
        if variant.accumulate and index:
            pool = samples * (index + 1.0)
            v += s / samples * (samples / pool) ** 2
            s *= 1 - samples / (pool * (pool - 1))
        elif real:
            synthetic = size - real
            between = v + s / synthetic + 1 / real
            v = (synthetic / size) ** 2 * (v + s / synthetic) + (real / size) ** 2 / real
            s = (s * (synthetic - 1) + (real - 1) + synthetic * real / size * between) / (size - 1)
        else:
            v += s / size
            s *= (size - 1) / size if variant.biased else 1
        mean_error[index], variance[index] = v, s
    values = {
        "mean_squared_error": mean_error,
        "variance": variance,
        "sample_variance": mean_error + variance,
    }
    if variant.accumulate or real:
        return values
    degrees = sizes[:, None] - 1 - np.arange(dimensions)  # of the chi-squared variables of Bartlett's factor
    divisor = sizes - (not variant.biased)
    values["log_generalized_variance"] = np.cumsum(
        (digamma(degrees / 2) + np.log(2)).sum(1) - dimensions * np.log(divisor)
    )
    values["log_generalized_variance_variance"] = np.cumsum(polygamma(1, degrees / 2).sum(1))
    values["sum_of_inverse_sizes"] = np.cumsum(1 / sizes)
    values["w2_first_order"] = dimensions * (dimensions + 5) / 4 * values["sum_of_inverse_sizes"]
    if dimensions == 1:
        shrink = 0.5 * np.log(2 / divisor) + gammaln(sizes / 2) - gammaln((sizes - 1) / 2)
        values["sd"] = np.exp(np.cumsum(shrink))
        values["w2_squared"] = mean_error + 1 + variance - 2 * values["sd"]
    return values


def heavy(known: Mapping[str, float]) -> bool:
    """Whether squares have tails so heavy that a mean over chains says nothing: Σ 1/M_i > 1, so k > M for fixed M.

    Where samples accumulate or are partly real, tails stay light. `known` holds the values of `exact` at a generation.
    """
    return known.get("sum_of_inverse_sizes", 0.0) > 1


def approximations(name: str, known: Mapping[str, float]) -> dict[str, float]:
    """Approximate values of one quantity by column, from the values of `exact` at a generation; empty without any.

    The distance is to first order. The error of the mean is taken as normal. The logarithm of the standard deviation is
    a sum over generations, of known mean and variance, and is taken as normal too. The expectation of |1 − Y| for
    log-normal Y is 1 − E Y + 2 E max(Y − 1, 0), the last term as in the formula of Black & Scholes (1973).
    """
    if name == "w2_squared" and "w2_first_order" in known:
        return {"approximate": known["w2_first_order"]}
    if name == "mean_error" and not heavy(known):  # as if normal, which a mixture of many scales is not
        return {"approximate": float(np.sqrt(2 * known["mean_squared_error"] / np.pi))}
    if name in ("sd", "sd_error") and "log_generalized_variance" in known:
        centre, spread = known["log_generalized_variance"] / 2, known["log_generalized_variance_variance"] ** 0.5 / 2
        if name == "sd_error":
            mean = np.exp(centre + spread**2 / 2)
            excess = mean * norm.cdf(centre / spread + spread) - norm.cdf(centre / spread)
            return {"approximate": float(1 - mean + 2 * excess)}
        return {f"{one}_lognormal": float(np.exp(centre + spread * norm.ppf(q))) for one, q in QUANTILES.items()}
    return {}


def trajectory(
    variant: Variant,
    draw: Draw,
    *,
    chains: int,
    dimensions: int,
    samples: int,
    generations: Collection[int],
    rng: np.random.Generator,
    progress: Progress = lambda done, total: None,
) -> list[Row]:
    """Simulated chains beside theory: a row for each quantity at each of `generations`, which count from 1.

    A row is `comparable` where theory knows the quantity exactly and its tails are light enough for a mean over chains.
    """
    rows: list[Row] = []
    expected = exact(variant, dimensions, samples, max(generations))
    fits = simulate(variant, draw, chains, dimensions, samples, rng)
    for generation, fit in measured(fits, generations, progress):
        known = {name: float(values[generation - 1]) for name, values in expected.items()}
        for row in rows_of(measures(fit), known, samples, generation):
            name = row["quantity"]
            comparable = name in known and (name not in HEAVY_TAILED or not heavy(known))
            rows.append(row | {"comparable": comparable} | approximations(name, known))
    return rows
