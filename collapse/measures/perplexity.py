"""Scores of blocks under a model: token losses, perplexity (exp(total loss / tokens)), mean hidden states."""

import math

import numpy as np
import torch
from torch import Tensor

from collapse.models.batches import in_batches
from collapse.models.interfaces import Reader
from collapse.models.logits import log_sum_exp, logits_by_rows

ROWS_OF_LOGITS = 256  # a matrix product of so many rows runs at full speed


def token_losses(model: Reader, blocks: Tensor, batch_blocks: int = 32) -> np.ndarray:
    """Negative log-likelihood in nats of tokens 2 … n of every block: (blocks, n − 1) float32 for ids (blocks, n).

    The first token of a block has nothing before it and is not scored. The logits of a batch never exist whole.
    """
    return losses_and_states(model, blocks, batch_blocks)[0]


def losses_and_states(model: Reader, blocks: Tensor, batch_blocks: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """`token_losses` and `mean_states` in one pass of the model: (blocks, n − 1) and (blocks, width) float32."""
    tokens = blocks.shape[1]

    @torch.inference_mode()
    def batch(rows: Tensor) -> tuple[Tensor, Tensor]:
        ids = blocks[rows].to(model.device)
        states = model.hidden_states(ids).view(len(ids), tokens, -1)
        hidden = states[:, :-1].flatten(0, 1)
        targets = ids[:, 1:].flatten()
        losses = []
        for part, target in zip(hidden.split(ROWS_OF_LOGITS), targets.split(ROWS_OF_LOGITS), strict=True):
            for some, logits in logits_by_rows(model, part):
                chosen = logits.gather(1, target[some, None])
                losses.append(log_sum_exp(logits, logits.amax(1, keepdim=True)) - chosen)
        return torch.cat(losses).view(len(ids), tokens - 1).cpu(), _mean(states)

    losses, states = in_batches(batch, len(blocks), batch_blocks)
    return losses.numpy(), states.numpy()


def mean_states(model: Reader, blocks: Tensor, batch_blocks: int = 32) -> np.ndarray:
    """Final hidden states, averaged over the tokens of a block: (blocks, width) float32 for ids (blocks, n)."""

    @torch.inference_mode()
    def batch(rows: Tensor) -> tuple[Tensor]:
        ids = blocks[rows].to(model.device)
        return (_mean(model.hidden_states(ids).view(*ids.shape, -1)),)

    return in_batches(batch, len(blocks), batch_blocks)[0].numpy()


def _mean(states: Tensor) -> Tensor:
    return states.float().mean(1).cpu()


def perplexity(losses: np.ndarray) -> float:
    """Token-weighted perplexity of any array of token losses in nats; every token counts the same.

    Not the mean of the blocks' perplexities, which is larger (Jensen), nor of the batches'. NaN without a token.
    """
    if losses.size == 0:
        return math.nan
    return math.exp(losses.sum(dtype=np.float64) / losses.size)
