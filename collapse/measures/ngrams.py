"""Numbers, counts and repetitions of n-grams in sets of blocks. No n-gram crosses from one block to the next."""

import numpy as np


def ngram_codes(blocks: np.ndarray, n: int, without: int | None = None) -> np.ndarray:
    """A number for every n-gram of blocks (blocks, tokens), equal for equal n-grams: (blocks, tokens − n + 1) int64.

    −1 for an n-gram that holds the token `without`. To compare the numbers of two sets, number both in one call.
    ValueError if the blocks are shorter than n.
    """
    tokens = blocks.shape[1]
    if tokens < n:
        raise ValueError(f"blocks of {tokens} tokens hold no {n}-gram; raise corpus.block_tokens")
    # numbering again at every length keeps the numbers below the number of n-grams, whatever the vocabulary
    codes, vocabulary = blocks.astype(np.int64), int(blocks.max()) + 1
    for length in range(2, n + 1):
        longer = codes[:, :-1] * vocabulary + blocks[:, length - 1 :]
        codes = np.unique(longer, return_inverse=True)[1].reshape(longer.shape)
    if without is not None:
        windows = np.lib.stride_tricks.sliding_window_view(blocks == without, n, axis=1)
        codes = np.where(windows.any(-1), -1, codes)
    return codes


def ngram_counts(
    human: np.ndarray, synthetic: np.ndarray, n: int, without: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Counts of each n-gram that occurs, in human and in synthetic blocks: (types,) and (types,).

    Both sets are (blocks, tokens), with the same number of tokens; n-grams that hold `without` are not counted.
    """
    codes = ngram_codes(np.concatenate([human, synthetic]), n, without)
    parts = [part[part >= 0] for part in (codes[: len(human)], codes[len(human) :])]
    counts = [np.bincount(part, minlength=codes.max() + 1) for part in parts]
    occurs = counts[0] + counts[1] > 0
    return counts[0][occurs], counts[1][occurs]


def repeated_shares(blocks: np.ndarray, n: int) -> np.ndarray:
    """Share of each block's n-grams that the block holds already, (blocks,), for blocks (blocks, tokens)."""
    grams = np.lib.stride_tricks.sliding_window_view(blocks, n, axis=1)
    return np.array([1 - len(np.unique(block, axis=0)) / len(block) for block in grams])
