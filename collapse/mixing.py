"""Policies: how the training set of the next generation is mixed.

A policy is a pure function. It takes the human blocks, the synthetic sets of all earlier generations, seeds and its own
options. It returns a training set that names the origin of each row. collapse/policies.py declares each by its name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HUMAN = -1  # source_generation of a human block


@dataclass(frozen=True)
class TrainingSet:
    """Blocks to train on and the origin of each: its generation (−1 is human) and the number of its source block."""

    blocks: np.ndarray  # (rows, tokens) int32
    source_generation: np.ndarray  # (rows,) int32
    source_block: np.ndarray  # (rows,) int32
    source_writer: np.ndarray | None = None  # (rows,) int32: index of the writer in a pool; None without a pool

    @property
    def origin(self) -> np.ndarray:
        """Writer of each row, (rows,): `human` or `model`."""
        return np.where(self.source_generation == HUMAN, "human", "model")

    def __len__(self) -> int:
        return len(self.blocks)

    def rows(self, chosen: np.ndarray) -> "TrainingSet":
        """Select rows by index, in the order of `chosen`."""
        return TrainingSet(self.blocks[chosen], self.source_generation[chosen], self.source_block[chosen])


@dataclass(frozen=True)
class Seeds:
    """Seed of one generation, and seed of the whole chain for draws that happen once."""

    generation: int
    chain: int


def human_only(human: np.ndarray) -> TrainingSet:
    """Return the human blocks in their order: generation 0 of every arm."""
    return _one_source(human, HUMAN)


def replace(human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds) -> TrainingSet:
    """Use the newest synthetic set alone: one synthetic block for every human block, and no human text.

    Shumailov et al., Nature 2024, doi 10.1038/s41586-024-07566-y.
    """
    return _one_source(synthetic[-1], len(synthetic) - 1)


def preserve(
    human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds, *, human_fraction: float, human_draw: str
) -> TrainingSet:
    """Replace a random share of the synthetic blocks by the human blocks that prompted them. The size is unchanged.

    Exactly round(human_fraction × blocks) blocks are human. They come from the original human set, without repetition.
    `human_draw` is `each_generation` (a new draw for each generation) or `once` (one draw for the chain).
    Shumailov et al., Nature 2024, doi 10.1038/s41586-024-07566-y.
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
    """Keep a share of the *previous training set*, as the released code of Shumailov et al. (2024) does.

    Each generation draws round(human_fraction × blocks) blocks. These keep their content from the previous training
    set. From generation 2 on, some of them are synthetic: at generation k only about human_fraction^k of the blocks are
    human.
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
    """Use all human and synthetic text, human text first. Each generation adds as many blocks as there are human ones.

    Gerstgrasser et al., arXiv:2404.01413.
    """
    return _joined([human_only(human), *(_one_source(blocks, k) for k, blocks in enumerate(synthetic))])


def accumulate_subsample(human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds) -> TrainingSet:
    """Draw as many blocks as there are human blocks, without replacement, from the set of `accumulate`.

    Kazdan et al., arXiv:2410.16713.
    """
    return _drawn(accumulate(human, synthetic, seeds), len(human), seeds.generation)


def provenance_filter(
    human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds, *, most_depth: int
) -> TrainingSet:
    """Subsample as `accumulate_subsample`, from the blocks whose recorded depth is at most `most_depth`.

    The depth is the number of models between a block and human text: 0 for human text, k + 1 for the text of
    generation k. If too few blocks are left, the set holds all of them.
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
    """Subsample as `accumulate_subsample`, from the blocks that a watermark detector does not flag.

    `z_scores` holds (blocks,) scores of the human blocks, then of each synthetic set. The detector can flag human
    blocks by mistake. Raises ValueError if it flags every block.
    """
    pool = accumulate(human, synthetic, seeds)
    pool = pool.rows(np.flatnonzero(np.concatenate(z_scores) <= z_threshold))
    if not len(pool):
        raise ValueError(f"z_threshold {z_threshold}: the detector flags every block, human blocks too; raise it")
    return _drawn(pool, min(len(human), len(pool)), seeds.generation)


def growing_web(
    human: np.ndarray, synthetic: Sequence[np.ndarray], seeds: Seeds, *, share_growth: float
) -> TrainingSet:
    """Model a web as large as the human text, whose synthetic share grows by `share_growth` each generation.

    At generation k, round(min(1, k × share_growth) × blocks) human blocks are replaced. The text of a random earlier
    generation, written from the same block, takes their place. Generation 0 trains on the clean web: the first mover.
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
    """Use synthetic text alone, as `replace`, but from several writers. A random writer gives each block.

    `texts` holds the newest set of each writer, (blocks, tokens). All writers give equally many blocks; if the number
    of blocks is not a multiple of the number of writers, the first writers give one block more.
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
    """Draw `budget` rows of a pool without replacement; keep the order of the pool."""
    return pool.rows(np.sort(np.random.default_rng(seed).choice(len(pool), size=budget, replace=False)))
