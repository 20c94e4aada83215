"""What a model is to those that read with it and to those that train it, whoever computes it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from collapse.models.families import foreign, read_config
from collapse.models.opt import load_opt


class Reader(Protocol):
    """A model that reads."""

    @property
    def device(self) -> torch.device: ...

    @property
    def vocabulary_size(self) -> int: ...

    def hidden_states(self, ids: Tensor) -> Tensor:
        """What `output` takes: of ids (blocks, tokens), each token seeing those before it, (blocks × tokens, width)."""
        ...

    @property
    def output(self) -> Callable[[Tensor], Tensor]:
        """From hidden states (rows, width) to logits (rows, vocabulary)."""
        ...


class Trainable(Protocol):
    """A model in training: `weights` and each thread's gradient are flat fp32 tensors."""

    weights: Tensor
    gradients: list[Tensor]
    dropout: float
    device: torch.device

    @property
    def maps(self) -> Mapping[str, Any]:
        """What is prepared once a step."""
        ...

    def dropout_sites(self, tokens: int) -> tuple[int, int, int]:
        """How many masks a block of so many tokens takes, and their shape: (sites, tokens, width)."""
        ...

    def add_gradient(self, ids: Tensor, scale: float, kept: Tensor | None = None, thread: int = 0) -> float:
        """As `collapse.models.opt_training.TrainableOpt.add_gradient`."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """The weights by the names of a model's file."""
        ...

    def reader(self) -> Reader:
        """The model as it is now, to be judged."""
        ...


def load_reader(folder: Path, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Reader:
    """The model of a folder for scoring; ModelError as `read_config` and `read_weights`."""
    if not foreign(read_config(folder)):
        return load_opt(folder, dtype, device)
    from collapse.models.transformers_model import load_transformer  # takes seconds to import

    return load_transformer(folder, dtype, device)
