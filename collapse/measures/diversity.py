"""Diversity of a set of blocks: repetition, vocabulary, entropy; on new token ids alone, never on the prompt."""

import lzma

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


def compression_ratio(text: str) -> float:
    """Bytes of the text in UTF-8 over its bytes compressed: about 2 to 4 for prose, more the more repeats.

    A measure of diversity after Shaib et al. 2024 (arXiv 2403.00553), who use gzip. This function uses LZMA2: its
    window of 8 MB finds repeats all over a text, while that of gzip ends after 32 KB. It writes no container, because
    a container would weigh on a short text. ValueError for an empty text.
    """
    data = text.encode()
    if not data:
        raise ValueError("no text to compress: all of its tokens are special ones")
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
    return len(data) / len(lzma.compress(data, format=lzma.FORMAT_RAW, filters=filters))


def _ngrams(blocks: np.ndarray, n: int) -> np.ndarray:
    """(blocks, tokens − n + 1, n)"""
    return np.lib.stride_tricks.sliding_window_view(blocks, n, axis=1)
