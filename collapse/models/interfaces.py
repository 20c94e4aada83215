"""Interfaces of a model for reading and for training, the same for every engine."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from collapse.models.families import foreign, read_config
from collapse.models.opt import load_opt


class Reader(Protocol):
    """A model for scoring text."""

    @property
    def device(self) -> torch.device: ...

    @property
    def vocabulary_size(self) -> int: ...

    def hidden_states(self, ids: Tensor) -> Tensor:
        """Final hidden states of ids (blocks, tokens), with causal attention: (blocks × tokens, width)."""
        ...

    @property
    def output(self) -> Callable[[Tensor], Tensor]:
        """Map from hidden states (rows, width) to logits (rows, vocabulary)."""
        ...


class Trainable(Protocol):
    """A model in training: `weights` and each thread's gradient are flat fp32 tensors."""

    weights: Tensor
    gradients: list[Tensor]
    dropout: float
    device: torch.device

    @property
    def maps(self) -> Mapping[str, Any]:
        """Linear maps to prepare once a step."""
        ...

    def dropout_sites(self, tokens: int) -> tuple[int, int, int]:
        """Number and shape of the dropout masks of one block: (sites, tokens, width)."""
        ...

    def add_gradient(self, ids: Tensor, scale: float, kept: Tensor | None = None, thread: int = 0) -> float:
        """See `collapse.models.opt_training.TrainableOpt.add_gradient`."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """Weights by their names in `model.safetensors`."""
        ...

    def reader(self) -> Reader:
        """Model with the present weights, for scoring."""
        ...


def load_reader(folder: Path, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Reader:
    """Load the model of a folder for scoring. Raises ModelError as `read_config` and `read_weights`."""
    if not foreign(read_config(folder)):
        return load_opt(folder, dtype, device)
    from collapse.models.transformers_model import load_transformer  # takes seconds to import

    return load_transformer(folder, dtype, device)
