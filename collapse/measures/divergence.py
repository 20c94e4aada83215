"""How far one count of types (tokens, n-grams) is from another: both (types,), the same types in the same order."""

import numpy as np

SMOOTHING = 0.5  # Krichevsky & Trofimov 1981, doi 10.1109/TIT.1981.1056331


def kl_divergence(human: np.ndarray, synthetic: np.ndarray) -> float:
    """KL(human ‖ synthetic) = Σ p log(p / q) in nats: what is lost of human text weighs, what is added hardly does.

    Each count of each type in either set is raised by one half before it is made a share, since the plain sum is
    infinite as soon as one type is lost.
    """
    p, q = (counts + SMOOTHING for counts in (human, synthetic))
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


def total_variation(human: np.ndarray, synthetic: np.ndarray) -> float:
    """½ Σ |p − q| of the shares, unsmoothed: 0 for the same, 1 for nothing in common."""
    return float(np.abs(human / human.sum() - synthetic / synthetic.sum()).sum() / 2)


def novel_share(human: np.ndarray, synthetic: np.ndarray) -> float:
    """Share of what the synthetic set counts, repetitions included, that is of types which the human one lacks."""
    return float(synthetic[human == 0].sum() / synthetic.sum())
