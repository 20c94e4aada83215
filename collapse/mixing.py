"""Policies: what the next generation is trained on.

A policy is one pure function of the human blocks, the synthetic sets so far and a seed; it returns the rows of a
training set with the origin of each. To add an arm: write the function, register it in POLICIES, give it a block under
`arms:` in config.yaml.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

HUMAN = -1  # source_generation of a human block


@dataclass(frozen=True)
class TrainingSet:
    """Blocks to train on, each with where it comes from: generation −1 is human, and the number of its source block."""

    blocks: np.ndarray  # (rows, tokens) int32
    source_generation: np.ndarray  # (rows,) int32
    source_block: np.ndarray  # (rows,) int32

    @property
    def origin(self) -> np.ndarray:
        """Who wrote each row: `human` or `model`."""
        return np.where(self.source_generation == HUMAN, "human", "model")


@dataclass(frozen=True)
class Policy:
    """A policy and how much of the past it reads: "latest" synthetic set, or "all" of them."""

    mix: Callable[[np.ndarray, Sequence[np.ndarray], float, int], TrainingSet]
    history: str


def human_only(human: np.ndarray) -> TrainingSet:
    """Generation 0 of every arm: the human blocks, in their order."""
    rows = np.arange(len(human), dtype=np.int32)
    return TrainingSet(human, np.full(len(human), HUMAN, np.int32), rows)


def replace(human: np.ndarray, synthetic: Sequence[np.ndarray], human_fraction: float, seed: int) -> TrainingSet:
    """Nothing human is kept: the newest synthetic set alone, a block for every human block (Shumailov et al. 2024)."""
    newest = synthetic[-1]
    rows = np.arange(len(newest), dtype=np.int32)
    return TrainingSet(newest, np.full(len(newest), len(synthetic) - 1, np.int32), rows)


def preserve(human: np.ndarray, synthetic: Sequence[np.ndarray], human_fraction: float, seed: int) -> TrainingSet:
    """A random share of the human blocks, drawn anew for each generation, stands in for the synthetic blocks that were
    written from them; the size of the set stays the same.

    Exactly round(human_fraction × blocks) blocks are human, never one twice, and always from the true original set.
    """
    newest = replace(human, synthetic, 0.0, seed)
    count = round(human_fraction * len(human))
    kept = np.random.default_rng(seed).choice(len(human), size=count, replace=False)
    blocks, source_generation = newest.blocks.copy(), newest.source_generation.copy()
    blocks[kept] = human[kept]
    source_generation[kept] = HUMAN
    return TrainingSet(blocks, source_generation, newest.source_block)


POLICIES = {
    "replace": Policy(replace, history="latest"),
    "preserve": Policy(preserve, history="latest"),
}
