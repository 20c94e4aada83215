"""Onset: the generation at which a measure leaves the interval of generation 0."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Onset:
    """Onset of one measure of one arm; a generation is None if there is none."""

    seeds: int  # with a value in generation 0
    mean: float  # of generation 0
    low: float  # interval of generation 0
    high: float
    onset: int | None  # the first generation whose mean over seeds lies outside
    direction: str  # rise or fall: to which side; empty if there is no onset
    departure: float  # its mean's distance from generation 0's, in half widths of the interval; NaN without onset
    lasting: int | None  # the first from which on every mean lies outside, all on one side


def onset(array: np.ndarray, interval: Callable[[np.ndarray], tuple[float, float]]) -> Onset:
    """First generation outside generation 0's interval over seeds; `array` is (seeds, generations), NaN for no value.

    Generation k is outside if its mean over seeds is below the low or above the high end; an end itself is inside.
    `interval` gives the two ends for the values of generation 0. Generations without a value are passed over. There is
    no onset without an interval of some width: with fewer than two seeds, or where all have one value at generation 0,
    which says nothing of how far a measure moves by chance.
    """
    start = array[np.isfinite(array[:, 0]), 0]
    low, high = interval(start) if len(start) > 1 else (float("nan"), float("nan"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=RuntimeWarning)  # a generation without any value has mean NaN
        means = np.nanmean(array, axis=0)
    later = [(one, mean) for one, mean in enumerate(means) if one and np.isfinite(mean)] if high > low else []
    sides = [(one, int(mean > high) - int(mean < low)) for one, mean in later]
    first = next((place for place in sides if place[1]), None)
    departure = abs(means[first[0]] - means[0]) * 2 / (high - low) if first else float("nan")
    lasting = None
    for generation, side in reversed(sides):
        if not side or side != sides[-1][1]:
            break
        lasting = generation
    return Onset(
        seeds=len(start),
        mean=float(means[0]),
        low=low,
        high=high,
        onset=first[0] if first else None,
        direction={0: "", 1: "rise", -1: "fall"}[first[1] if first else 0],
        departure=float(departure),
        lasting=lasting,
    )


def ranks(onsets: list[int | None]) -> list[int | None]:
    """Place of each measure of an arm in the order of onset, 1 the first; ties share the better place."""
    seen = sorted(one for one in onsets if one is not None)
    return [None if one is None else seen.index(one) + 1 for one in onsets]
