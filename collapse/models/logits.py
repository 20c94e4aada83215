"""Logits in pieces of a few rows, and their log-sum-exp, for decoding, training and scoring."""

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from collapse.models.interfaces import Reader

CACHED_LOGITS = 800_000  # 3 MB: logits are read several times, and so many stay in a processor's cache


def logits_by_rows(model: Reader, hidden: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield the fp32 logits of hidden states (rows, width) in pieces: the slice of rows, (some rows, vocabulary)."""
    logits = model.output(hidden)
    rows = rows_at_a_time(logits)
    for start in range(0, len(logits), rows):
        yield slice(start, start + rows), logits[start : start + rows].float()


def rows_at_a_time(logits: Tensor) -> int:
    """Return the number of rows of logits (rows, vocabulary) that fit the processor's cache; all rows on a GPU."""
    return max(1, CACHED_LOGITS // logits.shape[1]) if logits.device.type == "cpu" else len(logits)


def log_sum_exp(logits: Tensor, largest: Tensor) -> Tensor:
    """Return the log-sum-exp of rows (rows, vocabulary), given the `largest` logit of each (rows, 1): (rows, 1)."""
    shifted = logits - largest
    if shifted.device.type == "cpu":
        np.exp(shifted.numpy(), out=shifted.numpy())  # takes half the time of torch.exp
    else:
        shifted.exp_()
    return shifted.sum(1, keepdim=True).log_().add_(largest)
