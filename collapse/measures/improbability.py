"""Share of text that generation 0 finds improbable."""

import numpy as np


def improbable_share(perplexities: np.ndarray, first: np.ndarray, quantile: float) -> float:
    """Share of `perplexities` above the `quantile` of `first`.

    Both are perplexities of blocks under generation 0: (blocks,), of one generation's synthetic text and of generation
    0's own. For generation 0 itself it is about 1 − quantile by construction; more is text that this generation writes
    and the first would not. The mean perplexity cannot show it, because it falls as blocks repeat common sequences.
    """
    return float(np.mean(np.asarray(perplexities) > np.quantile(first, quantile)))
