"""A measure of one arm as an array over seeds and generations."""

import re
from collections.abc import Iterable, Mapping

import numpy as np

Values = Mapping[tuple[str, str], Mapping[tuple[int, int], float]]  # (arm, metric) → (seed, generation) → value

LOGARITHM = re.compile(r"log\((\w+)\)")


def tabulate(rows: Iterable[tuple[str, int, int, str, float]]) -> Values:
    """Index rows of summary.csv (arm, seed, generation, metric, value) by arm and metric."""
    found: dict[tuple[str, str], dict[tuple[int, int], float]] = {}
    for arm, seed, generation, metric, value in rows:
        found.setdefault((arm, metric), {})[seed, generation] = value
    return found


def trajectory(values: Values, arm: str, measure: str, seeds: list[int], generations: int) -> np.ndarray:
    """(seeds, generations), NaN where there is no value.

    `measure` is a metric of the table or the natural logarithm of one, as `log(test_perplexity)`, in nats. ValueError
    for the logarithm of a number that is not positive.
    """
    logarithm = LOGARITHM.fullmatch(measure)
    metric = logarithm[1] if logarithm else measure
    found = values.get((arm, metric), {})
    array = np.array([[found.get((seed, one), np.nan) for one in range(generations)] for seed in seeds], dtype=float)
    if not logarithm:
        return array
    if (array <= 0).any():
        raise ValueError(f"{measure}: {arm} has {np.nanmin(array):g}, which has no logarithm; name {metric} itself")
    logs: np.ndarray = np.log(array)
    return logs


def difference(
    values: Values, arm: str, measure: str, against: str | None, seeds: list[int], generations: int
) -> np.ndarray:
    """`trajectory` of a measure, minus that of the measure `against`, if there is one: (seeds, generations)."""
    first = trajectory(values, arm, measure, seeds, generations)
    return first - trajectory(values, arm, against, seeds, generations) if against else first


def change(array: np.ndarray) -> np.ndarray:
    """Change from generation 0 to the last generation, for each seed: (seeds, generations) → (seeds,)."""
    changes: np.ndarray = array[:, -1] - array[:, 0]
    return changes
