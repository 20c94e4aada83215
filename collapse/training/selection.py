"""Model selection: keep the weights of the epoch with the least loss on validation text."""

import math

import numpy as np
import torch
from torch import Tensor

from collapse.measures.perplexity import token_losses
from collapse.models.interfaces import Trainable


class Selection:
    """Scores a model on validation blocks (blocks, tokens) after every epoch. `losses` are means in nats a token."""

    def __init__(self, blocks: np.ndarray, batch_blocks: int) -> None:
        self.blocks, self.batch_blocks = torch.from_numpy(blocks).long(), batch_blocks
        self.losses: list[float] = []
        self.best: Tensor | None = None

    def after_epoch(self, model: Trainable) -> None:
        """Remember the weights if they are the best so far."""
        losses = token_losses(model.reader(), self.blocks, self.batch_blocks)
        self.losses.append(float(losses.mean(dtype=np.float64)))
        if self.best is None or self.losses[-1] < min(self.losses[:-1], default=math.inf):
            self.best = model.weights.clone()

    def apply(self, model: Trainable) -> None:
        """Give the model its best weights."""
        if self.best is not None:
            model.weights.copy_(self.best)
