"""The frequency spectrum of a text, from counts of its types: Zipf exponent, hapaxes, missing mass."""

import numpy as np

STEEPEST = 64.0  # beyond, a second type would not have occurred in any text


def zipf_exponent(counts: np.ndarray) -> float | None:
    """Exponent s of p ∝ 1 / rank^s over the types that occur, by maximum likelihood; minus the slope on log axes.

    Every token weighs the same (Clauset, Shalizi & Newman 2009, arXiv 0706.1062), where a line through the points of a
    log-log plot is ruled by the many types that occur once. At the maximum the mean log rank is that of the model,
    which falls with s, so that halving an interval finds it. None for fewer than two types.
    """
    ranked = np.sort(counts[counts > 0])[::-1]
    if len(ranked) < 2:
        return None
    log_ranks = np.log(np.arange(1, len(ranked) + 1))
    observed = (ranked * log_ranks).sum() / ranked.sum()
    low, high = 0.0, STEEPEST
    while high - low > 1e-9:
        middle = (low + high) / 2
        weights = np.exp(-middle * log_ranks)
        if (weights * log_ranks).sum() / weights.sum() > observed:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def hapax_share(counts: np.ndarray) -> float:
    """Share of the occurring types that occur exactly once."""
    return float((counts == 1).sum() / (counts > 0).sum())


def missing_mass(counts: np.ndarray) -> float:
    """Good–Turing estimate of the probability that the next token is of a new type: hapaxes / tokens.

    Good 1953, doi 10.1093/biomet/40.3-4.237.
    """
    return float((counts == 1).sum() / counts.sum())
