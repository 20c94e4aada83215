"""Uncertainty over seeds."""

from typing import Literal, get_args

import numpy as np
from scipy.stats import bootstrap
from scipy.stats import t as student_t


def interval(values: np.ndarray, confidence: float, resamples: int, seed: int) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of `values`, one value a seed.

    With few seeds it is coarse and too narrow (three seeds have only ten different means), which is why every seed is
    drawn beside it. A single value has no interval: both ends are NaN.
    """
    values = np.asarray(values, dtype=np.float64)
    if len(values) < 2:
        return float("nan"), float("nan")
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    found = bootstrap(
        (values,),
        np.mean,
        confidence_level=confidence,
        n_resamples=resamples,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def student_interval(values: np.ndarray, confidence: float) -> tuple[float, float]:
    """Student's interval of the mean of `values`, one value a seed: mean ± t(n − 1) · sd / √n (Student 1908).

    It has the stated coverage if seeds are normally distributed, however few they are; the bootstrap of three seeds
    has about 75% where it says 95%. A single value has no interval: both ends are NaN.
    """
    values = np.asarray(values, dtype=np.float64)
    if len(values) < 2:
        return float("nan"), float("nan")
    if np.ptp(values) == 0:  # exactly: a mean of equal numbers may differ from them in the last bit
        return float(values[0]), float(values[0])
    mean = float(values.mean())
    half = float(student_t.ppf((1 + confidence) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean - half, mean + half


Kind = Literal["student", "bootstrap"]


def interval_of_kind(
    kind: Kind, values: np.ndarray, confidence: float, resamples: int, seed: int
) -> tuple[float, float]:
    """Interval of the mean of `values`, one value a seed; `resamples` and `seed` are the bootstrap's."""
    if kind not in get_args(Kind):
        raise ValueError(f"interval: {kind}: unknown; there are {', '.join(get_args(Kind))}")
    return student_interval(values, confidence) if kind == "student" else interval(values, confidence, resamples, seed)
