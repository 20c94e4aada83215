"""MAUVE: closeness of generated text to human text, by the hidden states of a language model.

Pillutla et al. 2021 (arXiv 2102.01454). Both sets are quantised together and give one histogram each, p and q.
Mixtures r = λ p + (1 − λ) q trade the two kinds of error, KL(q ‖ r) and KL(p ‖ r), against each other. MAUVE is the
area under the curve of exp(−c KL(q ‖ r)) and exp(−c KL(p ‖ r)): 1 for the same, near 0 for nothing in common.
"""

import numpy as np
from scipy.cluster.vq import kmeans, vq
from scipy.special import rel_entr

# the values of the paper and its appendix
SCALE = 5.0
BLOCKS_A_CLUSTER = 10
EXPLAINED_VARIANCE = 0.9
RESTARTS = 5  # of k-means; the best counts
MIXTURES = 99


def mauve(human: np.ndarray, synthetic: np.ndarray, seed: int) -> float:
    """MAUVE of two sets of states, (human blocks, width) and (synthetic blocks, width)."""
    clusters = max(2, round(min(len(human), len(synthetic)) / BLOCKS_A_CLUSTER))
    return frontier_area(*histograms(human, synthetic, clusters, seed))


def histograms(human: np.ndarray, synthetic: np.ndarray, clusters: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Histograms, (clusters,) each, of two sets of rows over common clusters; fewer clusters for fewer different rows.

    Rows are scaled to length one and reduced to the principal components that hold nine tenths of the variance.
    """
    rows = np.concatenate([human, synthetic]).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows -= rows.mean(0)
    variance, directions = np.linalg.eigh(rows.T @ rows)
    variance, directions = variance[::-1], directions[:, ::-1]
    kept = 1 + int(np.argmax(np.cumsum(variance) >= EXPLAINED_VARIANCE * variance.sum()))
    rows = rows @ directions[:, :kept]
    centres, _ = kmeans(rows, clusters, iter=RESTARTS, rng=np.random.default_rng(seed))
    nearest, _ = vq(rows, centres)
    parts = nearest[: len(human)], nearest[len(human) :]
    p, q = (np.bincount(part, minlength=len(centres)) / len(part) for part in parts)
    return p, q


def frontier_area(p: np.ndarray, q: np.ndarray) -> float:
    """Area under the divergence curve of two distributions, (types,) each, by trapezia between `MIXTURES` mixtures."""
    share = np.linspace(1, 0, MIXTURES + 2)[1:-1, None]
    mixtures = share * p + (1 - share) * q
    x, y = (np.exp(-SCALE * rel_entr(one, mixtures).sum(1)) for one in (q, p))
    return float(np.trapezoid(np.concatenate([[1], y, [0]]), np.concatenate([[0], x, [1]])))
