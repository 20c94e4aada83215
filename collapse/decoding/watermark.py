"""Watermarks in sampled text and their detection (Kirchenbauer et al., arXiv:2301.10226), by classes of transformers.

A hash of the previous token chooses a quarter of the vocabulary. Before the next token is drawn, `bias` is added to the
scores of these favoured tokens. A detector that knows the hash counts the favoured tokens of a block.
"""

from types import SimpleNamespace

import numpy as np
import torch
from transformers import WatermarkDetector, WatermarkingConfig
from transformers.generation.logits_process import WatermarkLogitsProcessor

GREEN_SHARE = 0.25


def configuration(bias: float) -> WatermarkingConfig:
    """Return the watermark of this project for transformers; `bias` is in nats."""
    return WatermarkingConfig(bias=bias, greenlist_ratio=GREEN_SHARE, seeding_scheme="lefthash", context_width=1)


def marker(bias: float, vocabulary_size: int, device: str | torch.device) -> WatermarkLogitsProcessor:
    """Return a function of ids (rows, tokens) and scores (rows, vocabulary) that adds the bias to the scores."""
    return configuration(bias).construct_processor(vocabulary_size, device)


def z_scores(blocks: np.ndarray, vocabulary_size: int) -> np.ndarray:
    """Return the z score of each of blocks (blocks, tokens): (blocks,).

    It is the excess of favoured tokens over chance, in standard deviations. A repeated pair of tokens counts once, or
    the detector would flag repetitive text.
    """
    # token −1 does not exist, so that no token is left out
    model = SimpleNamespace(vocab_size=vocabulary_size, bos_token_id=-1, is_encoder_decoder=False)
    detector = WatermarkDetector(
        model_config=model, device="cpu", watermarking_config=configuration(1.0), ignore_repeated_ngrams=True
    )
    return np.asarray(detector(torch.from_numpy(blocks).long(), return_dict=True).z_score)
