"""Tails of the distribution: loss on rare tokens and unlikely blocks, and the rare tokens that are still used."""

import numpy as np


def frequency_groups(human: np.ndarray, vocabulary_size: int, groups: int) -> np.ndarray:
    """Group of every token id by its frequency in the human training blocks: (vocabulary,), 0 rarest … groups − 1.

    The groups hold, as nearly as whole token types allow, equal shares of the *running text*, so that group 0 is the
    tail: many rare types that together make one tenth of the text (with ten groups). Types that never occur are in
    group 0. Equal counts are ordered by id.
    """
    counts = np.bincount(human.ravel(), minlength=vocabulary_size)
    rarest_first = np.lexsort((np.arange(vocabulary_size), counts))
    before = np.cumsum(counts[rarest_first]) - counts[rarest_first] / 2  # the middle of each type's stretch of text
    group = np.empty(vocabulary_size, dtype=np.int64)
    group[rarest_first] = np.minimum((before * groups / counts.sum()).astype(np.int64), groups - 1)
    return group


def loss_by_group(losses: np.ndarray, targets: np.ndarray, group: np.ndarray, groups: int) -> list[float | None]:
    """Mean loss, in nats, of the targets in each group; None for a group without a target.

    `losses` and `targets` have the same shape; `group` gives the group of each token id.
    """
    chosen = group[targets].ravel()
    totals = np.bincount(chosen, weights=losses.ravel().astype(np.float64), minlength=groups)
    counts = np.bincount(chosen, minlength=groups)
    return [total / count if count else None for total, count in zip(totals.tolist(), counts.tolist(), strict=True)]


def recall_by_group(human: np.ndarray, synthetic: np.ndarray, group: np.ndarray, groups: int) -> list[float | None]:
    """Share of each group's token types, among those of the human text, that the synthetic text still uses.

    None for a group without a type. Texts are token ids of any shape; `group` gives the group of each token id.
    """
    types = np.unique(human)
    kept = np.bincount(group[types], weights=np.isin(types, synthetic), minlength=groups)
    counts = np.bincount(group[types], minlength=groups)
    return [some / count if count else None for some, count in zip(kept.tolist(), counts.tolist(), strict=True)]


def least_likely(losses: np.ndarray, scored: np.ndarray, share: float) -> np.ndarray:
    """Mask, (blocks,) bool, of the `share` of blocks with the highest mean loss; at least one block.

    Only `scored` targets count; `losses` and `scored` are (blocks, targets). Among equal blocks the earlier are chosen.
    """
    means = (losses * scored).sum(1, dtype=np.float64) / np.maximum(scored.sum(1), 1)
    chosen = np.zeros(len(losses), dtype=bool)
    chosen[np.argsort(-means, kind="stable")[: max(1, round(share * len(losses)))]] = True
    return chosen


def mean_loss(losses: np.ndarray, scored: np.ndarray, blocks: np.ndarray) -> float | None:
    """Mean loss in nats of the `scored` targets of the blocks in a mask, (blocks,) bool; None without a target.

    `losses` and `scored` are (blocks, targets).
    """
    chosen = losses[blocks][scored[blocks]]
    return float(chosen.mean(dtype=np.float64)) if chosen.size else None
