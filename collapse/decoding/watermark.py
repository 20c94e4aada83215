"""Watermarks in sampled text and their detection (Kirchenbauer et al., arXiv:2301.10226), by transformers' own classes.

Before each token is drawn, a quarter of the vocabulary, chosen by a hash of the token before it, has `bias` added to
its scores. Who knows the hash counts how many tokens of a block are among those favoured there.
"""

from types import SimpleNamespace

import numpy as np
import torch
from transformers import WatermarkDetector, WatermarkingConfig
from transformers.generation.logits_process import WatermarkLogitsProcessor

GREEN_SHARE = 0.25


def configuration(bias: float) -> WatermarkingConfig:
    return WatermarkingConfig(bias=bias, greenlist_ratio=GREEN_SHARE, seeding_scheme="lefthash", context_width=1)


def marker(bias: float, vocabulary_size: int, device: str | torch.device) -> WatermarkLogitsProcessor:
    """Called with ids (rows, tokens) and scores (rows, vocabulary) it returns the scores with the bias added."""
    return configuration(bias).construct_processor(vocabulary_size, device)


def z_scores(blocks: np.ndarray, vocabulary_size: int) -> np.ndarray:
    """By how many standard deviations each of blocks (blocks, tokens) holds more favoured tokens than chance would.

    A pair of tokens that repeats counts once: otherwise a loop is as conspicuous as a mark.
    """
    model = SimpleNamespace(
        vocab_size=vocabulary_size, bos_token_id=-1, is_encoder_decoder=False
    )  # no token is left out
    detector = WatermarkDetector(
        model_config=model, device="cpu", watermarking_config=configuration(1.0), ignore_repeated_ngrams=True
    )
    return detector(torch.from_numpy(blocks).long(), return_dict=True).z_score
