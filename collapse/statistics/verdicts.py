"""The model-collapse profile: a verdict for each of the eight definitions of collapse in use.

Schaeffer et al. (arXiv 2503.03150) collected the definitions. The rule that judges each definition is this project's
own reading; docs/method.md explains it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from collapse.statistics.options import Rule
from collapse.statistics.trajectories import change
from collapse.statistics.trends import theil_sen

COLLAPSED, NOT_COLLAPSED, UNDECIDED = "collapsed", "not collapsed", "undecided"

LEAST_LATE_GENERATIONS = 4  # that a rate at the end of a run is taken from


@dataclass(frozen=True)
class Definition:
    """A definition of collapse, and what a run must hold so that it can be judged."""

    title: str
    says: str
    quantity: str  # change: since generation 0; late_rate: a generation, over the second half of the run
    missing: str  # if no measure of it is named


DEFINITIONS: Mapping[str, Definition] = {
    "catastrophic_risk": Definition(
        "catastrophic increase of risk", "the risk on human text rises catastrophically", "change", "a measure of risk"
    ),
    "any_increase": Definition("any increase of risk", "the risk on human text rises", "change", "a measure of risk"),
    "diverging_risk": Definition(
        "diverging risk",
        "the risk on human text grows without bound; proxy: it still rises in the second half of the run",
        "late_rate",
        "a measure of risk",
    ),
    "changed_scaling_law": Definition(
        "changed scaling law",
        "the risk falls otherwise with the amount of data once a part of it is synthetic",
        "change",
        "the exponent of risk against data size, from runs at several sizes",
    ),
    "collapsing_variance": Definition(
        "collapsing variance", "the variety of what is written vanishes", "change", "a measure of variety"
    ),
    "entangled_modes": Definition(
        "entangled modes",
        "modes of human text that were apart are mixed up; proxy: stretches of neighbouring blocks are modes",
        "change",
        "a measure of how well modes are told apart, from texts whose mode is known",
    ),
    "lost_tails": Definition(
        "loss of tails", "rare human text is lost before the rest", "change", "a measure of the tail"
    ),
    "hallucinated_data": Definition(
        "hallucinated data",
        "text appears that the original would not hold; proxy: blocks that generation 0 would hardly have written",
        "change",
        "a measure of text that the original would not hold",
    ),
}


@dataclass(frozen=True)
class Verdict:
    verdict: str
    effect: float  # mean over seeds, positive towards collapse, in the unit of the measure (a generation)
    low: float
    high: float
    rule: str
    seeds: int


def judge(
    name: str,
    rule: Rule,
    array: np.ndarray | None,
    interval: Callable[[np.ndarray], tuple[float, float]],
) -> Verdict:
    """Judge one arm by one definition.

    `array` is (seeds, generations), the rule's measure minus the measure `against`, NaN for no value; None if the
    rule names no measure. `interval` gives both ends for effects of two seeds or more. Collapsed: the whole interval is
    above the threshold. Not collapsed: no part of it is. Undecided: everything else.
    """
    if array is None or rule.measure is None:
        return undecided(f"not judged: needs {DEFINITIONS[name].missing}")
    last = array.shape[1] - 1
    if last == 0:
        return undecided("not judged: needs a generation after 0")
    half = math.ceil(array.shape[1] / 2)
    late = DEFINITIONS[name].quantity == "late_rate"
    if late and last - half + 1 < LEAST_LATE_GENERATIONS:
        return undecided(f"not judged: needs {2 * LEAST_LATE_GENERATIONS} generations, there are {last + 1}")
    sign = 1 if rule.direction == "rise" else -1
    effects = sign * (theil_sen(array, half) if late else change(array))
    effects = effects[np.isfinite(effects)]
    where = f"a generation, {half} to {last}" if late else f"from generation 0 to {last}"
    quantity = f"{rule.measure} less {rule.against}" if rule.against else rule.measure
    what = f"{rule.direction} of {quantity} {where}"
    if not len(effects):
        return undecided(f"not judged: {quantity} has no value where it is needed ({where})")
    effect = float(effects.mean())
    if len(effects) < 2:
        return Verdict(UNDECIDED, effect, math.nan, math.nan, f"{what}: one seed has no interval", 1)
    low, high = interval(effects)
    verdict, side = decide(low, high, rule.threshold)
    return Verdict(verdict, effect, low, high, f"{what}: interval {side} {rule.threshold:g}", len(effects))


def decide(low: float, high: float, threshold: float) -> tuple[str, str]:
    """Verdict of the interval of an effect, and its position in words; an end on the threshold is not above it."""
    if low > threshold:
        return COLLAPSED, "wholly above"
    if high <= threshold:
        return NOT_COLLAPSED, "wholly at or below"
    return UNDECIDED, "on both sides of"


def undecided(why: str) -> Verdict:
    return Verdict(UNDECIDED, math.nan, math.nan, math.nan, why, 0)
