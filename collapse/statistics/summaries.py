"""Tidy tables of chains: a row for each number of a generation, and statistics of such rows."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from collapse.measures.improbability import improbable_share
from collapse.measures.registry import IMPROBABLE_BLOCKS, NO_MEASURES, SCALING_EXPONENT, WITH_RISE
from collapse.seeds import derive_seed
from collapse.statistics.intervals import interval
from collapse.statistics.scaling import scaling_exponent
from collapse.statistics.trajectories import Values

BUDGET = ("training_steps", "training_tokens")

Ranges = dict[str, tuple[float, float]]  # least and most of each number in BUDGET
Headline = dict[str, dict[str, dict[str, float]]]  # arm → measure → generation → mean over seeds


class Row(NamedTuple):
    """One number of one generation of one chain; `arm` is the method where chains are of autoencoders."""

    arm: str
    seed: int
    generation: int
    metric: str
    value: float


class Interval(NamedTuple):
    """A measure's mean over `seeds` seeds, and both ends of its bootstrap interval, NaN for one seed."""

    arm: str
    generation: int
    metric: str
    seeds: int
    mean: float
    low: float
    high: float


class Bin(NamedTuple):
    """Share of an arm's blocks, all seeds pooled, whose perplexity lies between `low` and `high`."""

    arm: str
    generation: int
    low: float
    high: float
    share: float


def measured(
    arm: str, seed: int, generation: int, metrics: Mapping[str, Any], leave_out: Collection[str] = NO_MEASURES
) -> list[Row]:
    """The measures of one metrics.json that have a value, by name."""
    return [
        Row(arm, seed, generation, name, value)
        for name, value in sorted(metrics.items())
        if name not in leave_out and value is not None
    ]


def since_generation0(
    arm: str,
    seed: int,
    generation: int,
    metrics: Mapping[str, Any],
    first: Mapping[str, Any],
    perplexities: np.ndarray,
    first_perplexities: np.ndarray,
    quantile: float,
) -> list[Row]:
    """Rows that compare one generation with generation 0 of the same chain, whose metrics are `first`.

    `perplexities` and `first_perplexities` are those of synthetic blocks under generation 0, (blocks,). The rows are
    the share of blocks above generation 0's `quantile`, and the rise of each measure of `WITH_RISE` in its own unit.
    """
    share = improbable_share(perplexities, first_perplexities, quantile)
    rises = [
        Row(arm, seed, generation, f"{name}_rise", metrics[name] - first[name])
        for name in WITH_RISE
        if metrics[name] is not None and first[name] is not None
    ]
    return [Row(arm, seed, generation, IMPROBABLE_BLOCKS, share), *rises]


def scaling(rows: Iterable[Row], arms: Sequence[str]) -> list[Row]:
    """Exponent of risk against data size, for arms that differ in the size of their training set alone.

    The risk is the loss on human test text without end-of-text targets, in nats. ValueError as `scaling_exponent`.
    """
    table = {row[:4]: row.value for row in rows if row.arm in arms}
    found = []
    for seed, generation in dict.fromkeys((row[1], row[2]) for row in table):
        sizes = [table[arm, seed, generation, "training_blocks"] for arm in arms]
        risks = [math.log(table[arm, seed, generation, "test_perplexity_without_end_of_text"]) for arm in arms]
        exponent = scaling_exponent(sizes, risks)
        found += [Row(arm, seed, generation, SCALING_EXPONENT, exponent) for arm in arms]
    return found


def over_seeds(rows: Iterable[Row], confidence: float, resamples: int) -> list[Interval]:
    """Mean over seeds with a bootstrap interval, for every arm, generation and measure."""
    by_place: dict[tuple[str, int, str], list[float]] = {}
    for row in rows:
        by_place.setdefault((row.arm, row.generation, row.metric), []).append(row.value)
    found = []
    for (arm, generation, metric), values in by_place.items():
        seed = derive_seed("bootstrap", arm, generation, metric)
        low, high = interval(np.array(values), confidence, resamples, seed)
        found.append(Interval(arm, generation, metric, len(values), float(np.mean(values)), low, high))
    return found


def histogram(blocks: Sequence[tuple[str, int, float]], bins_per_decade: int) -> list[Bin]:
    """Shares of blocks in bins of equal width on a log axis, for each arm and generation.

    `blocks` are (arm, generation, perplexity). All arms and generations have the same bins.
    """
    if not blocks:
        return []
    exponents = [math.log10(value) * bins_per_decade for *_, value in blocks]
    edges = np.arange(math.floor(min(exponents)), math.floor(max(exponents)) + 2)
    table = []
    for arm, generation in dict.fromkeys((arm, generation) for arm, generation, _ in blocks):
        chosen = [x for x, block in zip(exponents, blocks, strict=True) if block[:2] == (arm, generation)]
        counts, _ = np.histogram(chosen, edges)
        for low, count in zip(edges[:-1].tolist(), counts.tolist(), strict=True):
            start, end = (10 ** (place / bins_per_decade) for place in (low, low + 1))
            table.append(Bin(arm, generation, start, end, count / len(chosen)))
    return table


def by_arm(intervals: Iterable[Interval], measure: str) -> tuple[list[str], list[tuple[float, ...]]]:
    """Header and rows of one measure's means, a column for each arm: the form that DVC plots."""
    means = {(row.arm, row.generation): row.mean for row in intervals if row.metric == measure}
    arms = list(dict.fromkeys(arm for arm, _ in means))
    generations = sorted({generation for _, generation in means})
    rows = [(generation, *(means[arm, generation] for arm in arms)) for generation in generations]
    return ["generation", *arms], rows


def headline(intervals: Iterable[Interval], measures: Collection[str], generations: int) -> Headline:
    """Means of a few measures at generation 0 and at the last of so many `generations`."""
    numbers: Headline = {}
    for row in intervals:
        if row.metric in measures and row.generation in (0, generations - 1):
            of_measure = numbers.setdefault(row.arm, {}).setdefault(row.metric, {})
            of_measure[f"generation{row.generation}"] = row.mean
    return numbers


def budgets(values: Values, arms: Iterable[str]) -> dict[str, Ranges]:
    """Training steps and tokens of each arm: the least and the most of any seed and generation."""
    found: dict[str, Ranges] = {}
    for arm in arms:
        numbers = {name: values[arm, name].values() for name in BUDGET}
        found[arm] = {name: (min(some), max(some)) for name, some in numbers.items()}
    return found


def joint_budget(budget: Mapping[str, Ranges]) -> Ranges:
    """The least and the most over all arms; equal where every generation of every arm had the same."""
    ends = {name: [ranges[name] for ranges in budget.values()] for name in BUDGET}
    return {name: (min(least for least, _ in some), max(most for _, most in some)) for name, some in ends.items()}
