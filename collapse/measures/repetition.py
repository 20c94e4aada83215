"""How much a block repeats itself: a measure, and what a verifier may judge by."""

import numpy as np


def repeated_shares(blocks: np.ndarray, n: int) -> np.ndarray:
    """Of each block (blocks, tokens) the share of its n-grams that it holds already, (blocks,)."""
    grams = np.lib.stride_tricks.sliding_window_view(blocks, n, axis=1)
    return np.array([1 - len(np.unique(block, axis=0)) / len(block) for block in grams])
