"""Blocks in batches of one size, so that what a block gives does not depend on how many stand beside it."""

from collections.abc import Callable
from typing import TypeVar, cast

import torch
from torch import Tensor

Results = TypeVar("Results", bound=tuple[Tensor, ...])
Progress = Callable[[int, int], None] | None


def in_batches(
    function: Callable[[Tensor], Results], blocks: int, batch_blocks: int, progress: Progress = None
) -> Results:
    """Results of `function` for all `blocks`, joined; it is given the indices of one batch, (batch_blocks,).

    The last batch is filled up with repeats of the last block, because the order in which a matrix product sums depends
    on its shape: with one compute thread a block's result is the same to the bit in whatever batch it stands; with
    several, the last bit may move. `progress` is called with (blocks done, blocks).
    """
    parts = []
    for start in range(0, blocks, batch_blocks):
        indices = torch.arange(start, start + batch_blocks).clamp_(max=blocks - 1)
        parts.append([part[: blocks - start] for part in function(indices)])
        if progress:
            progress(min(start + batch_blocks, blocks), blocks)
    return cast(Results, tuple(torch.cat(part) for part in zip(*parts, strict=True)))
