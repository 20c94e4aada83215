"""Policies: what the next generation is trained on.

A policy is one pure function of the human blocks, the synthetic sets so far, its own options and seeds; it returns the
rows of a training set with the origin of each. collapse/policies.py declares each function by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HUMAN = -1  # source_generation of a human block


@dataclass(frozen=True)
class TrainingSet:
    """Blocks to train on, each with where it comes from: generation −1 is human, and the number of its source block."""

    blocks: np.ndarray  # (rows, tokens) int32
    source_generation: np.ndarray  # (rows,) int32
    source_block: np.ndarray  # (rows,) int32
    source_writer: np.ndarray | None = None  # (rows,) int32: which of several writers of a pool; None: there is one

    @property
    def origin(self) -> np.ndarray:
        """Who wrote each row: `human` or `model`."""
        return np.where(self.source_generation == HUMAN, "human", "model")

    def __len__(self) -> int:
        return len(self.blocks)

    def rows(self, chosen: np.ndarray) -> "TrainingSet":
        """Some of the rows, in the order of `chosen`."""
        return TrainingSet(self.blocks[chosen], self.source_generation[chosen], self.source_block[chosen])


@dataclass(frozen=True)
class Seeds:
    """Of one generation of a chain, and of the whole chain for what is drawn once."""

    generation: int
    chain: int


def human_only(human: np.ndarray) -> TrainingSet:
    """Generation 0 of every arm: the human blocks, in their order."""
    return _one_source(human, HUMAN)


def replace(human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds) -> TrainingSet:
    """Nothing human is kept: the newest synthetic set alone, a block for every human block (Shumailov et al. 2024)."""
    return _one_source(synthetic[-1], len(synthetic) - 1)


def preserve(
    human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds, *, human_fraction: float, human_draw: str
) -> TrainingSet:
    """A random share of the human blocks stands in for the synthetic blocks that were written from them; the size of
    the set stays the same.

    Exactly round(human_fraction × blocks) blocks are human, never one twice, and always from the true original set:
    drawn anew for `each_generation`, or `once` for the chain.
    """
    newest = replace(human, synthetic, seeds)
    count = round(human_fraction * len(human))
    seed = seeds.chain if human_draw == "once" else seeds.generation
    kept = np.random.default_rng(seed).choice(len(human), size=count, replace=False)
    blocks, source_generation = newest.blocks.copy(), newest.source_generation.copy()
    blocks[kept] = human[kept]
    source_generation[kept] = HUMAN
    return TrainingSet(blocks, source_generation, newest.source_block)


def preserve_loaded(
    human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds, *, human_fraction: float
) -> TrainingSet:
    """As the authors' released code has it: a share of the training set *before* stands in, whoever wrote it.

    round(human_fraction × blocks) blocks, drawn anew for each generation, stay as they were in the training set that
    the generation before was trained on. From generation 2 on some of these are synthetic: of the human blocks only a
    share of about human_fraction^k is left at generation k.
    """
    before = human_only(human)
    for generation in range(1, len(synthetic) + 1):
        newest = _one_source(synthetic[generation - 1], generation - 1)
        blocks, source_generation = newest.blocks.copy(), newest.source_generation.copy()
        count = round(human_fraction * len(human))
        kept = np.random.default_rng([seeds.chain, generation]).choice(len(human), size=count, replace=False)
        blocks[kept], source_generation[kept] = before.blocks[kept], before.source_generation[kept]
        before = TrainingSet(blocks, source_generation, newest.source_block)
    return before


def accumulate(human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds) -> TrainingSet:
    """All that was ever written, the human text first: the set grows by its first size each generation.

    Gerstgrasser et al., arXiv:2404.01413.
    """
    return _joined([human_only(human), *(_one_source(one, generation) for generation, one in enumerate(synthetic))])


def accumulate_subsample(human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds) -> TrainingSet:
    """As many blocks as there are human ones, drawn without replacement from all that was ever written.

    Kazdan et al., arXiv:2410.16713.
    """
    return _drawn(accumulate(human, synthetic, seeds), len(human), seeds.generation)


def provenance_filter(
    human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds, *, most_depth: int
) -> TrainingSet:
    """As accumulate_subsample, from what lies at most so many models away from human text, by its recorded origin.

    Human text has depth 0, the text of generation k depth k + 1. Where less than the budget is left, all of it.
    """
    pool = accumulate(human, synthetic, seeds)
    pool = pool.rows(np.flatnonzero(pool.source_generation < most_depth))
    return _drawn(pool, min(len(human), len(pool)), seeds.generation)


def watermark_filter(
    human: np.ndarray,
    synthetic: Sequence[np.ndarray],
    seeds: Seeds,
    *,
    z_threshold: float,
    z_scores: Sequence[np.ndarray],
) -> TrainingSet:
    """As accumulate_subsample, from what a watermark detector does not flag: rightly or wrongly, human text too.

    `z_scores` are of the human blocks and of each synthetic set, (blocks,) each. ValueError if nothing is left.
    """
    pool = accumulate(human, synthetic, seeds)
    pool = pool.rows(np.flatnonzero(np.concatenate(z_scores) <= z_threshold))
    if not len(pool):
        raise ValueError(f"z_threshold {z_threshold}: the detector flags every block, human ones too; raise it")
    return _drawn(pool, min(len(human), len(pool)), seeds.generation)


def growing_web(
    human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds, *, share_growth: float
) -> TrainingSet:
    """A web as large as the human text, of which a share that grows by `share_growth` a generation is synthetic.

    At generation k, round(min(1, k × share_growth) × blocks) blocks are each replaced by what a random earlier
    generation wrote from them. Generation 0, trained on the web while it was clean, is the first mover.
    """
    generator = np.random.default_rng(seeds.generation)
    count = round(min(1.0, len(synthetic) * share_growth) * len(human))
    replaced = generator.choice(len(human), size=count, replace=False)
    writer = generator.integers(0, len(synthetic), count)
    blocks, source_generation = human.copy(), np.full(len(human), HUMAN, np.int32)
    for block, generation in zip(replaced, writer, strict=True):
        blocks[block] = synthetic[generation][block]
    source_generation[replaced] = writer
    return TrainingSet(blocks, source_generation, np.arange(len(human), dtype=np.int32))


def pool(
    human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds, *, texts: Sequence[np.ndarray]
) -> TrainingSet:
    """As replace, but of what several models wrote: each block by a random one of them, and all by equally many.

    `texts` are the newest sets of the writers, (blocks, tokens) each; where their number does not divide the blocks,
    the first writers have one block more.
    """
    rows = np.arange(len(human), dtype=np.int32)
    writer = np.random.default_rng(seeds.generation).permutation(rows % len(texts))
    generation = np.full(len(rows), len(synthetic) - 1, np.int32)
    return TrainingSet(np.stack(texts)[writer, rows], generation, rows, writer)


def _one_source(blocks: np.ndarray, generation: int) -> TrainingSet:
    rows = len(blocks)
    return TrainingSet(blocks, np.full(rows, generation, np.int32), np.arange(rows, dtype=np.int32))


def _joined(parts: Sequence[TrainingSet]) -> TrainingSet:
    return TrainingSet(
        np.concatenate([part.blocks for part in parts]),
        np.concatenate([part.source_generation for part in parts]),
        np.concatenate([part.source_block for part in parts]),
    )


def _drawn(pool: TrainingSet, budget: int, seed: int) -> TrainingSet:
    """`budget` rows of a pool, none twice, in the pool's order."""
    return pool.rows(np.sort(np.random.default_rng(seed).choice(len(pool), size=budget, replace=False)))
