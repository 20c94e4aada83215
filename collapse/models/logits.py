"""Logits a few rows at a time, and their log-sum-exp: shared by decoding, training and scoring."""

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from collapse.models.interfaces import Reader

CACHED_LOGITS = 800_000  # 3 MB of logits stay in a processor's cache while they are passed over several times


def logits_by_rows(model: Reader, hidden: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Logits of hidden states (rows, width) in fp32, (some rows, vocabulary), with the rows that they are of."""
    logits = model.output(hidden)
    rows = rows_at_a_time(logits)
    for start in range(0, len(logits), rows):
        yield slice(start, start + rows), logits[start : start + rows].float()


def rows_at_a_time(logits: Tensor) -> int:
    """How many rows of logits (rows, vocabulary) to look at before the next: as stay in the cache; on a GPU all."""
    return max(1, CACHED_LOGITS // logits.shape[1]) if logits.device.type == "cpu" else len(logits)


def log_sum_exp(logits: Tensor, largest: Tensor) -> Tensor:
    """Log of the summed exponentials of rows (rows, vocabulary) whose `largest` (rows, 1) are known: (rows, 1)."""
    shifted = logits - largest
    if shifted.device.type == "cpu":
        np.exp(shifted.numpy(), out=shifted.numpy())  # takes half the time of torch's
    else:
        shifted.exp_()
    return shifted.sum(1, keepdim=True).log_().add_(largest)
