"""Training a causal language model on blocks: used for pretraining the small base model and for every generation."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from collapse.seeds import derive_seed


def train(
    model: PreTrainedModel,
    blocks: np.ndarray,
    *,
    epochs: int,
    batch_blocks: int,
    learning_rate: float,
    final_learning_rate: float,
    weight_decay: float,
    seed: int,
    progress: Callable[[int, int, float], None] = lambda step, steps, loss: None,
) -> list[float]:
    """Train `model` in place on `blocks`, (blocks, tokens) of ids; return the mean loss of each epoch, in nats.

    AdamW; the learning rate falls along a cosine from `learning_rate` to `final_learning_rate` over all steps, without
    warm-up or clipping. Every epoch visits every block once, in an order of its own drawn from `seed`. `progress` is
    called after every step with (step, steps, loss).
    """
    if len(blocks) == 0:
        raise ValueError("no training blocks")
    device = next(model.parameters()).device
    steps_per_epoch = math.ceil(len(blocks) / batch_blocks)
    steps = epochs * steps_per_epoch
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay, fused=True)
    order = np.random.default_rng(derive_seed(seed, "order"))
    losses = []
    model.train()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(derive_seed(seed, "dropout"))
        for epoch in range(epochs):
            shuffled = blocks[order.permutation(len(blocks))]
            total = 0.0
            for index in range(steps_per_epoch):
                step = epoch * steps_per_epoch + index
                rate = cosine(step / max(1, steps - 1), learning_rate, final_learning_rate)
                for group in optimizer.param_groups:
                    group["lr"] = rate
                batch = torch.from_numpy(shuffled[index * batch_blocks : (index + 1) * batch_blocks]).long()
                loss = next_token_loss(model, batch.to(device))
                loss.backward()
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                value = loss.item()
                if not math.isfinite(value):
                    raise FloatingPointError(
                        f"loss {value} at step {step} of {steps}; lower the learning rate ({learning_rate})"
                    )
                total += value * len(batch)
                progress(step + 1, steps, value)
            losses.append(total / len(blocks))
    return losses


def next_token_loss(model: PreTrainedModel, batch: Tensor) -> Tensor:
    """Mean negative log-likelihood, in nats, of tokens 2 … n of every block given those before; batch (blocks, n)."""
    logits = model(input_ids=batch, use_cache=False).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())


def cosine(progress: float, first: float, last: float) -> float:
    """A half cosine from `first` at progress 0 to `last` at progress 1."""
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * progress))
