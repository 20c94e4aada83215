"""Arms compared seed by seed: exact permutation tests, effect sizes, and Holm's correction."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import permutation_test

from collapse.statistics.intervals import interval


@dataclass(frozen=True)
class Comparison:
    """Two arms on one measure; numbers are NaN where no seed has a value in both."""

    pairs: int
    first_mean: float
    second_mean: float
    difference: float  # mean over pairs of first minus second, in the measure's unit: the effect size
    low: float  # its bootstrap interval over pairs
    high: float
    p: float
    least_p: float  # that so many pairs can reach
    exact: bool | None  # every set of signs was gone through; None: there was no test


def compare(
    first: np.ndarray, second: np.ndarray, confidence: float, resamples: int, permutations: int, seed: int
) -> Comparison:
    """Compare two arms; `first` and `second` are (seeds,), a pair a seed. Pairs with a NaN are left out."""
    both = np.isfinite(first) & np.isfinite(second)
    if not both.any():
        nan = float("nan")
        return Comparison(0, nan, nan, nan, nan, nan, nan, nan, None)
    first, second = first[both], second[both]
    differences = first - second
    low, high = interval(differences, confidence, resamples, seed)
    p, least_p, exact = sign_flip(differences, permutations, seed)
    return Comparison(
        len(differences),
        float(first.mean()),
        float(second.mean()),
        float(differences.mean()),
        low,
        high,
        p,
        least_p,
        exact,
    )


def sign_flip(differences: np.ndarray, permutations: int, seed: int) -> tuple[float, float, bool]:
    """Two-sided paired permutation test that the mean of `differences`, (pairs,), is 0: p, the least p, exact or not.

    If the two members of a pair are exchangeable, each difference could as well have the other sign. With n pairs there
    are 2ⁿ sets of signs; all are gone through if they are at most `permutations`, else so many are drawn. The one-sided
    tails are doubled (scipy.stats.permutation_test), so that p cannot be less than 2^(1 − n): 0.25 with three pairs.
    Differences of 0 have one sign only and do not count.
    """
    moving = int(np.count_nonzero(differences))
    if moving == 0 or len(differences) == 1:  # both signs are equally far from 0
        return 1.0, 1.0, True
    found = permutation_test(
        (differences,),
        lambda sample, axis: np.mean(sample, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=permutations,
        rng=np.random.default_rng(seed),
    )
    exact = 2 ** len(differences) <= permutations
    least = 2.0 ** (1 - moving) if exact else max(2.0 ** (1 - moving), 2 / (permutations + 1))
    return float(found.pvalue), min(1.0, least), exact


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given (Scandinavian Journal of Statistics 6, 1979, 65–70).

    With the m values sorted, the i-th becomes the largest of (m − j + 1) · p_j over j ≤ i, at most 1. NaN is no test:
    it stays NaN and does not count.
    """
    tests = [index for index, p in enumerate(p_values) if not np.isnan(p)]
    adjusted = [float("nan")] * len(p_values)
    largest = 0.0
    for done, index in enumerate(sorted(tests, key=lambda index: p_values[index])):
        largest = max(largest, min(1.0, (len(tests) - done) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def pairs(arms: Sequence[str], reference: str | None) -> list[tuple[str, str]]:
    """Pairs of arms to compare: every pair, or each arm with the reference.

    The reference comes second, so that a difference says what the other arm has more than the reference.
    """
    chosen = [pair for pair in combinations(arms, 2) if reference in (None, *pair)]
    return [(other, one) if one == reference else (one, other) for one, other in chosen]


def corrected(rows: Sequence[dict[str, Any]], names: Sequence[str] = ("p",)) -> list[dict[str, Any]]:
    """Rows with Holm's correction of each p-value in `names`; all tests of the table are one family.

    `tests` is the size of the family, `least_p_holm` the least that a corrected p could have been. Rows need `p` and
    `least_p`, NaN where there was no test.
    """
    tests = sum(not math.isnan(row["p"]) for row in rows)
    adjusted = {f"{name}_holm": holm([row[name] for row in rows]) for name in names}
    return [
        row
        | {name: values[index] for name, values in adjusted.items()}
        | {"tests": tests, "least_p_holm": math.nan if math.isnan(row["p"]) else min(1.0, tests * row["least_p"])}
        for index, row in enumerate(rows)
    ]
