"""How varied a set of blocks is: repetition, vocabulary, entropy. All on token ids, output only, never the prompt."""

import numpy as np

from collapse.measures.ngrams import repeated_shares


def distinct_ngrams(blocks: np.ndarray, n: int) -> float:
    """Distinct-n: different n-grams over all n-grams of blocks (blocks, tokens), within blocks (Li et al. 2016)."""
    grams = _ngrams(blocks, n).reshape(-1, n)
    return len(np.unique(grams, axis=0)) / len(grams)


def repeated_ngrams(blocks: np.ndarray, n: int) -> float:
    """Mean over blocks of the share of a block's n-grams that it holds already: 0 for none, near 1 for a loop."""
    return float(np.mean(repeated_shares(blocks, n)))


def unigram_entropy(blocks: np.ndarray) -> float:
    """Entropy in nats of the distribution of tokens."""
    _, counts = np.unique(blocks, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def vocabulary_coverage(blocks: np.ndarray, human: np.ndarray) -> float:
    """Share of the token types of the human blocks that occur in these."""
    types = np.unique(human)
    return float(np.isin(types, blocks).mean())


def identical_blocks(blocks: np.ndarray) -> float:
    """Share of blocks that equal an earlier one: 1 − different blocks / blocks."""
    return 1 - len(np.unique(blocks, axis=0)) / len(blocks)


def _ngrams(blocks: np.ndarray, n: int) -> np.ndarray:
    """(blocks, tokens − n + 1, n)"""
    return np.lib.stride_tricks.sliding_window_view(blocks, n, axis=1)
