"""Measures of a set of blocks, by name: how varied it is by itself, and how far from human blocks."""

import numpy as np

from collapse.measures.compression import compression_ratio
from collapse.measures.divergence import kl_divergence, novel_share, total_variation
from collapse.measures.ngrams import ngram_counts
from collapse.measures.self_bleu import self_bleu
from collapse.measures.vendi import vendi_score
from collapse.measures.zipf import hapax_share, missing_mass, zipf_exponent
from collapse.seeds import derive_seed


def sampled(blocks: int, most: int, seed: int) -> np.ndarray:
    """Rows, in order, of the blocks that costly measures look at: all of them, or `most`.

    It names no generation: always the same blocks, so that differences between generations are not those of the draw.
    """
    if blocks <= most:
        return np.arange(blocks)
    draw = np.random.default_rng(derive_seed(seed, "sample of blocks"))
    return np.sort(draw.choice(blocks, most, replace=False))


def variety(
    blocks: np.ndarray, sample: np.ndarray, states: np.ndarray, text: str, end_of_text: int
) -> dict[str, float | None]:
    """How varied blocks (blocks, tokens) are, the token `end_of_text` aside.

    `sample` holds the rows that self-BLEU looks at, `states` (sample, width) are those of the same rows, about their
    centre; `text` is all blocks decoded.
    """
    counts = np.bincount(blocks[blocks != end_of_text])
    return {
        "self_bleu": self_bleu(blocks[sample], without=end_of_text),
        "vendi_score": vendi_score(states),
        "compression_ratio": compression_ratio(text),
        "zipf_exponent": zipf_exponent(counts),
        "hapax_share": hapax_share(counts),
        "missing_mass": missing_mass(counts),
    }


def against_human(human: np.ndarray, synthetic: np.ndarray, end_of_text: int) -> dict[str, float]:
    """How far the n-grams of synthetic blocks (blocks, tokens) are from those of human ones; `end_of_text` aside."""
    counts = {n: ngram_counts(human, synthetic, n, without=end_of_text) for n in (1, 2, 3, 4)}
    return {
        **{f"kl_divergence_{n}": kl_divergence(*counts[n]) for n in (1, 2)},
        **{f"total_variation_{n}": total_variation(*counts[n]) for n in (1, 2)},
        **{f"novel_{n}": novel_share(*both) for n, both in counts.items()},
    }
