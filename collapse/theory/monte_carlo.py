"""Estimates from simulated chains: mean, standard error and quantiles, and the distance of theory from the mean."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

Progress = Callable[[int, int], None]  # called with (generations done, generations)
Row = dict[str, Any]  # of a table of simulated chains beside theory: one quantity at one generation

QUANTILES = {"q05": 0.05, "median": 0.5, "q95": 0.95}


def summary(values: np.ndarray) -> dict[str, float]:
    """Mean over chains (`simulated`), its `standard_error` and quantiles, of values (chains,)."""
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    quantiles = np.quantile(values, list(QUANTILES.values()))
    return {
        "simulated": float(values.mean()),
        "standard_error": spread / len(values) ** 0.5,
        **{name: float(value) for name, value in zip(QUANTILES, quantiles, strict=True)},
    }


State = TypeVar("State")


def measured(states: Iterable[State], generations: Collection[int], progress: Progress) -> Iterator[tuple[int, State]]:
    """Yield the states of a simulation at `generations`, which count from 1; the simulation stops at the last."""
    last = max(generations)
    for generation, state in zip(range(1, last + 1), states, strict=False):
        if generation in generations:
            yield generation, state
        progress(generation, last)


def rows_of(
    measures: Mapping[str, np.ndarray], known: Mapping[str, float], samples: int, generation: int
) -> Iterator[Row]:
    """Yield a row for each measure at one generation, beside its expectation, None if theory does not know it."""
    for name, values in measures.items():
        place = {"quantity": name, "samples": samples, "generation": generation}
        yield place | summary(values) | {"exact": known.get(name)}


def beyond(row: Mapping[Any, Any], errors: float = 3) -> bool:
    """Whether the exact value lies further than so many standard errors from the simulated mean.

    Where nothing is random the standard error is zero: then rounding, of numbers of the order of one, is allowed for.
    """
    distance = abs(row["exact"] - row["simulated"])
    return bool(distance > errors * row["standard_error"] + 1e-12 * max(1, abs(row["exact"])))
