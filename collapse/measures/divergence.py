"""Distances between two counts of types (tokens, n-grams): both (types,), the same types in the same order."""

import numpy as np

SMOOTHING = 0.5  # Krichevsky & Trofimov 1981, doi 10.1109/TIT.1981.1056331


def kl_divergence(human: np.ndarray, synthetic: np.ndarray) -> float:
    """KL(human ‖ synthetic) = Σ p log(p / q) in nats: a lost human type weighs much, an added type hardly.

    One half is added to every count before it becomes a share, because the plain sum is infinite as soon as one type
    is lost (Krichevsky & Trofimov 1981).
    """
    p, q = (counts + SMOOTHING for counts in (human, synthetic))
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


def total_variation(human: np.ndarray, synthetic: np.ndarray) -> float:
    """Total variation ½ Σ |p − q| of the shares, without smoothing: 0 for equal shares, 1 for nothing in common."""
    return float(np.abs(human / human.sum() - synthetic / synthetic.sum()).sum() / 2)


def novel_share(human: np.ndarray, synthetic: np.ndarray) -> float:
    """Share of the synthetic counts, repetitions included, that belong to types without a human count."""
    return float(synthetic[human == 0].sum() / synthetic.sum())
