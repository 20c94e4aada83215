"""Diversity of a set of blocks: repetition, vocabulary, entropy; on new token ids alone, never on the prompt."""

import numpy as np

from collapse.measures.ngrams import repeated_shares


def distinct_ngrams(blocks: np.ndarray, n: int) -> float:
    """Distinct-n of blocks (blocks, tokens): different n-grams over all n-grams (Li et al. 2016, arXiv 1510.03055)."""
    grams = _ngrams(blocks, n).reshape(-1, n)
    return len(np.unique(grams, axis=0)) / len(grams)


def repeated_ngrams(blocks: np.ndarray, n: int) -> float:
    """Mean over blocks of the share of n-grams that repeat an earlier n-gram of the block; near 1 for a loop."""
    return float(np.mean(repeated_shares(blocks, n)))


def unigram_entropy(blocks: np.ndarray) -> float:
    """Entropy, in nats, of the distribution of tokens in blocks of any shape."""
    _, counts = np.unique(blocks, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def vocabulary_coverage(blocks: np.ndarray, human: np.ndarray) -> float:
    """Share of the token types of the human blocks that occur in `blocks` too."""
    types = np.unique(human)
    return float(np.isin(types, blocks).mean())


def identical_blocks(blocks: np.ndarray) -> float:
    """Share of blocks that equal an earlier one: 1 − different blocks / blocks."""
    return 1 - len(np.unique(blocks, axis=0)) / len(blocks)


def _ngrams(blocks: np.ndarray, n: int) -> np.ndarray:
    """(blocks, tokens − n + 1, n)"""
    return np.lib.stride_tricks.sliding_window_view(blocks, n, axis=1)
