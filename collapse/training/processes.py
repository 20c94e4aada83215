"""Training by several processes, one a GPU, started by `accelerate launch`: each takes its share of every batch."""

import os
from dataclasses import dataclass

import torch
from torch import Tensor

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Processes:
    """`rank` of `count` processes; the one of rank 0 writes the results."""

    rank: int = 0
    count: int = 1
    device: torch.device = CPU

    def share(self, rows: int) -> range:
        """Which rows of a batch this process takes."""
        return range(rows * self.rank // self.count, rows * (self.rank + 1) // self.count)

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.count == 1:
            return tensor
        from accelerate.utils import reduce

        return reduce(tensor, "sum")


def started(device: str) -> Processes:
    """The processes that this one was started with; alone if it was not started by `accelerate launch`."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes(device=torch.device(device))
    from accelerate import PartialState

    state = PartialState(cpu=device == "cpu")
    return Processes(state.process_index, state.num_processes, state.device)
