"""Likelihood of blocks under a model, and perplexity: exp(total negative log-likelihood / number of tokens)."""

import math

import numpy as np
import torch
from torch import Tensor

from collapse.opt import Opt


@torch.inference_mode()
def token_losses(model: Opt, blocks: Tensor, batch_blocks: int = 64) -> np.ndarray:
    """Negative log-likelihood in nats of tokens 2 … n of every block: (blocks, n − 1) float32 for ids (blocks, n).

    The first token of a block has nothing before it and is not scored. Full batches only, the last one filled up with
    repeats: a block's score must not depend on how many stand beside it.
    """
    losses = []
    for start in range(0, len(blocks), batch_blocks):
        batch = blocks[start : start + batch_blocks]
        filled = torch.cat([batch, batch[-1:].expand(batch_blocks - len(batch), -1)])
        logits = model.logits(model.hidden_states(filled)[:, :-1])
        chosen = logits.gather(2, filled[:, 1:, None])[:, :, 0]
        losses.append((logits.logsumexp(2) - chosen)[: len(batch)].numpy())
    return np.concatenate(losses)


def perplexity(losses: np.ndarray) -> float:
    """Token-weighted perplexity of any array of token losses in nats; every token counts the same.

    Not the mean of the blocks' perplexities, which is larger (Jensen), nor of the batches'. NaN without a token.
    """
    if losses.size == 0:
        return math.nan
    return math.exp(losses.sum(dtype=np.float64) / losses.size)
