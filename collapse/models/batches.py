"""Batches of one size, so that the result of a block does not depend on the number of other blocks."""

from collections.abc import Callable
from typing import TypeVar, cast

import torch
from torch import Tensor

Results = TypeVar("Results", bound=tuple[Tensor, ...])
Progress = Callable[[int, int], None] | None


def in_batches(
    function: Callable[[Tensor], Results], blocks: int, batch_blocks: int, progress: Progress = None
) -> Results:
    """Call `function` on the indices of each batch, (batch_blocks,), and join the results of all `blocks`.

    The last batch is filled with repeats of the last block, because the shape of a matrix product decides the order of
    its sums. With one compute thread, the result of a block is the same to the bit in every batch. With several, the
    last bit may change. `progress` is called with (blocks done, blocks).
    """
    parts = []
    for start in range(0, blocks, batch_blocks):
        indices = torch.arange(start, start + batch_blocks).clamp_(max=blocks - 1)
        parts.append([part[: blocks - start] for part in function(indices)])
        if progress:
            progress(min(start + batch_blocks, blocks), blocks)
    return cast(Results, tuple(torch.cat(part) for part in zip(*parts, strict=True)))
