"""Trends of a measure over the generations. Each seed is one replicate."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, page_trend_test, theilslopes

from collapse.statistics.comparisons import sign_flip
from collapse.statistics.intervals import interval

LEAST_GENERATIONS = 3  # fewer have no trend that a test could tell from a step


@dataclass(frozen=True)
class Trend:
    """One measure of one arm; numbers are NaN where there are too few generations or seeds."""

    seeds: int
    slope: float  # mean over seeds of Theil–Sen slopes, unit of the measure a generation: the effect size
    low: float  # its bootstrap interval over seeds
    high: float
    tau: float  # mean over seeds of Kendall's tau-b between measure and generation
    p: float  # of the slopes, by sign flips over seeds
    least_p: float
    page_p: float  # Page's test


def trend(array: np.ndarray, confidence: float, resamples: int, permutations: int, seed: int) -> Trend:
    """Trend of `array`, (seeds, generations) with NaN where there is no value.

    The test asks whether the seeds' slopes have mean 0: one number a seed, so that it does not matter how a chain's
    generations depend on each other. Page's test (JASA 58, 1963, 216–230; two-sided by doubling) ranks generations
    within each seed and has power with two seeds, but its null hypothesis is that a chain's generations could stand in
    any order, which a chain that wanders without a direction breaks too.
    """
    slopes = theil_sen(array)
    kept = np.isfinite(slopes)
    slopes = slopes[kept]
    if not len(slopes):
        nan = float("nan")
        return Trend(0, nan, nan, nan, nan, nan, nan, nan)
    low, high = interval(slopes, confidence, resamples, seed)
    p, least_p, _ = sign_flip(slopes, permutations, seed)
    taus = [tau(row) for row in array[kept]]
    return Trend(len(slopes), float(slopes.mean()), low, high, float(np.mean(taus)), p, least_p, page(array[kept]))


def theil_sen(array: np.ndarray, first: int = 0) -> np.ndarray:
    """Theil–Sen slope a generation of each seed: (seeds, generations) → (seeds,).

    The median of the slopes between all pairs of generations, so that one generation alone cannot make a trend. NaN for
    a seed with fewer than three values. `first` is the first column that counts.
    """
    slopes = []
    for row in array[:, first:]:
        there = np.flatnonzero(np.isfinite(row))
        enough = len(there) >= LEAST_GENERATIONS
        slopes.append(theilslopes(row[there], there).slope if enough else np.nan)
    return np.array(slopes, dtype=np.float64)


def tau(row: np.ndarray) -> float:
    """Kendall's tau-b between one seed's values and the generation; 0 for a constant."""
    there = np.flatnonzero(np.isfinite(row))
    found = float(kendalltau(there, row[there]).statistic)
    return 0.0 if np.isnan(found) else found


def page(array: np.ndarray) -> float:
    """Two-sided p of Page's test over the generations that all seeds have; NaN for one seed or few generations."""
    complete = array[:, np.isfinite(array).all(axis=0)]
    if len(complete) < 2 or complete.shape[1] < LEAST_GENERATIONS:
        return float("nan")
    one_sided = min(page_trend_test(one).pvalue for one in (complete, complete[:, ::-1]))
    return min(1.0, 2 * float(one_sided))
