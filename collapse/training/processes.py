"""Training by several processes, one for each GPU: `accelerate launch` starts them, and they share every batch."""

import os
from dataclasses import dataclass

import torch
from torch import Tensor

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Processes:
    """Process `rank` of `count`. The process of rank 0 writes the results."""

    rank: int = 0
    count: int = 1
    device: torch.device = CPU

    def share(self, rows: int) -> range:
        """Rows of a batch that this process computes."""
        return range(rows * self.rank // self.count, rows * (self.rank + 1) // self.count)

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum of a tensor over all processes."""
        if self.count == 1:
            return tensor
        from accelerate.utils import reduce

        total: Tensor = reduce(tensor, "sum")
        return total


def started(device: str) -> Processes:
    """Describe this process and those that `accelerate launch` started with it, or a single process without it."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes(device=torch.device(device))
    from accelerate import PartialState

    state = PartialState(cpu=device == "cpu")
    return Processes(state.process_index, state.num_processes, state.device)
