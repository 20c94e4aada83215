"""Self-BLEU: the similarity of each block to the other blocks."""

import numpy as np

from collapse.measures.ngrams import ngram_codes

LONGEST = 4  # BLEU-4
NO_MATCH = 0.1  # counted in place of no match


def self_bleu(blocks: np.ndarray, without: int | None = None) -> float:
    """Mean over blocks (blocks, tokens) of the BLEU-4 of each with all others as its references; 1 if all are equal.

    Zhu et al. 2018 (arXiv 1802.01886), BLEU as Papineni et al. 2002 (doi 10.3115/1073083.1073135) have it: geometric
    mean of the clipped precisions of 1- to 4-grams. Blocks are of one length, so there is no brevity penalty. A
    precision without a match takes 0.1 matches (Chen & Cherry 2014, doi 10.3115/v1/W14-3346, method 1). N-grams that
    hold `without` are left out. ValueError for fewer than two blocks.
    """
    if len(blocks) < 2:
        raise ValueError(f"{len(blocks)} block: self-BLEU compares each with the others and needs two or more")
    logarithms = np.zeros(len(blocks))
    for n in range(1, LONGEST + 1):
        matches, all_ngrams = _matches(ngram_codes(blocks, n, without))
        logarithms += np.log(np.where(matches > 0, matches, NO_MATCH) / np.maximum(all_ngrams, 1)) / LONGEST
    return float(np.exp(logarithms).mean())


def _matches(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Clipped matches of each block with the others, and its n-grams: (blocks,) and (blocks,), for codes (blocks, …).

    A count is clipped by the largest in any one other block: the largest of all, or the second largest for the block
    that has it. So no pair of blocks is ever compared, and the cost is that of a sort.
    """
    blocks = len(codes)
    rows = np.broadcast_to(np.arange(blocks)[:, None], codes.shape)[codes >= 0]
    pairs, counts = np.unique(codes[codes >= 0] * blocks + rows, return_counts=True)
    ngram, block = np.divmod(pairs, blocks)
    order = np.lexsort((counts, ngram))
    ngram, block, counts = ngram[order], block[order], counts[order]
    first = np.append(True, ngram[1:] != ngram[:-1])
    largest = np.flatnonzero(np.append(first[1:], True))
    in_others = counts[largest][np.cumsum(first) - 1]
    in_others[largest] = np.where(first[largest], 0, counts[largest - 1])
    matches = np.bincount(block, weights=np.minimum(counts, in_others), minlength=blocks)
    return matches, np.bincount(block, weights=counts, minlength=blocks)
