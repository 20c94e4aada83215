"""Training of a causal language model on blocks: pretraining of the small base model, and every generation."""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse.models.interfaces import Trainable
from collapse.models.opt_training import dropout_masks
from collapse.seeds import derive_seed
from collapse.training.checkpoint import Checkpoint
from collapse.training.processes import Processes
from collapse.training.selection import Selection


def train(
    model: Trainable,
    blocks: np.ndarray,
    *,
    epochs: int,
    batch_blocks: int,
    learning_rate: float,
    final_learning_rate: float,
    weight_decay: float,
    seed: int,
    steps: int | None = None,
    micro_batch_blocks: int = 8,
    selection: Selection | None = None,
    checkpoint: Checkpoint | None = None,
    processes: Processes = Processes(),  # noqa: B008, immutable
    progress: Callable[[int, int, float], None] = lambda step, steps, loss: None,
) -> list[float]:
    """Train `model` in place on ids `blocks` (blocks, tokens); return the mean loss of each epoch, in nats a token.

    The optimizer is AdamW (Loshchilov and Hutter, arXiv:1711.05101) on every weight. The learning rate falls along a
    half cosine from `learning_rate` to `final_learning_rate`, without warm-up. Gradients are not clipped.

    - Every epoch visits every block once, in a new order drawn from `seed`.
    - `steps`, if given, replaces `epochs`; the last epoch may then be incomplete.
    - `micro_batch_blocks` bounds the memory. It changes results by rounding only.
    - `checkpoint` lets a killed run continue from its last saved state, to the same bytes.
    - `selection` gives the model the weights of its best epoch at the end.
    - `progress` is called after every step with (step, steps, loss).

    Raises ValueError without blocks, and FloatingPointError if a loss is not finite.
    """
    if len(blocks) == 0:
        raise ValueError("no training blocks; give a training set with at least one block")
    steps_per_epoch = math.ceil(len(blocks) / batch_blocks)
    steps = epochs * steps_per_epoch if steps is None else steps
    trainer = Trainer(model, weight_decay, derive_seed(seed, "dropout"), micro_batch_blocks, processes, selection)
    first, losses = trainer.resume(checkpoint) if checkpoint else (0, [])
    order = np.random.default_rng(derive_seed(seed, "order"))
    for epoch in range(math.ceil(steps / steps_per_epoch)):
        shuffled = blocks[order.permutation(len(blocks))]
        visited = min(len(blocks), (steps - epoch * steps_per_epoch) * batch_blocks)
        for index in range(min(steps_per_epoch, steps - epoch * steps_per_epoch)):
            step = epoch * steps_per_epoch + index
            if step < first:
                continue
            batch = shuffled[index * batch_blocks : (index + 1) * batch_blocks]
            rate = cosine(step / max(1, steps - 1), learning_rate, final_learning_rate)
            loss = trainer.step(batch, step, rate)
            if not math.isfinite(loss):
                raise FloatingPointError(
                    f"learning_rate: {learning_rate}: the loss is {loss} at step {step} of {steps}; "
                    "lower the learning rate"
                )
            losses[epoch : epoch + 1] = [(losses[epoch] if index else 0.0) + loss * len(batch) / visited]
            progress(step + 1, steps, loss)
            if checkpoint and checkpoint.due() and processes.rank == 0 and step + 1 < steps:
                trainer.save(checkpoint, step + 1, losses)
        if selection and step + 1 >= first:  # a resumed run has the validation losses of earlier epochs already
            selection.after_epoch(model)
    if selection:
        selection.apply(model)
    return losses


class Trainer:
    """Steps of AdamW on a model. Every thread computes its own micro-batches, with one thread for a matrix product.

    Two threads that do not wait for each other inside a batch are faster than two threads that share every product.
    """

    def __init__(
        self,
        model: Trainable,
        weight_decay: float,
        seed: int,
        micro_batch_blocks: int,
        processes: Processes,
        selection: Selection | None = None,
    ) -> None:
        self.model, self.seed, self.micro_batch_blocks, self.processes = model, seed, micro_batch_blocks, processes
        self.selection = selection
        self.threads = len(model.gradients)
        self.pool = ThreadPoolExecutor(self.threads)
        self.optimizers = []
        for weights, gradient in self._slices(model.weights, model.gradients[0]):
            weights.grad = gradient
            self.optimizers.append(torch.optim.AdamW([weights], weight_decay=weight_decay, fused=True))

    def _slices(self, *tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
        """Cut tensors of equal length into one piece for each thread; yield the pieces of each thread together."""
        return zip(*(tensor.chunk(self.threads) for tensor in tensors), strict=True)

    def step(self, batch: np.ndarray, step: int, learning_rate: float) -> float:
        """Update the weights by the mean loss of ids `batch` (blocks, tokens); return this loss, in nats a token."""
        loss = self.gradient(batch, step)
        for optimizer in self.optimizers:
            optimizer.param_groups[0]["lr"] = learning_rate
        list(self.pool.map(lambda optimizer: optimizer.step(), self.optimizers))
        return loss

    def gradient(self, batch: np.ndarray, step: int) -> float:
        """Set the first gradient of the model to the gradient of a batch's mean loss; return this loss."""
        mine = self.processes.share(len(batch))
        size = min(self.micro_batch_blocks, math.ceil(len(mine) / self.threads))  # every thread gets work
        starts = range(mine.start, mine.stop, size) if mine else range(0)
        list(self.pool.map(lambda linear: linear.prepare(batch.size), self.model.maps.values()))

        def work(thread: int) -> float:
            self.model.gradients[thread].zero_()
            loss = 0.0
            for start in starts[thread :: self.threads]:
                loss += self._micro_batch(batch, range(start, min(start + size, mine.stop)), step, thread)
            return loss

        loss = sum(self.pool.map(work, range(self.threads)))  # in the order of the threads, whichever ends first
        list(self.pool.map(_add_up, self._slices(*self.model.gradients)))
        total = self.model.gradients[0]
        if self.processes.count > 1:
            total.copy_(self.processes.sum(total))
            loss = float(self.processes.sum(torch.tensor(loss, dtype=torch.float64, device=self.model.device)))
        return loss / _predicted(batch)

    def _micro_batch(self, batch: np.ndarray, rows: range, step: int, thread: int) -> float:
        model = self.model
        ids = torch.from_numpy(batch[rows.start : rows.stop]).long().to(model.device)
        kept = None
        if model.dropout:
            masks = dropout_masks(self.seed, step, rows, model.dropout_sites(batch.shape[1]), model.dropout)
            kept = masks.to(model.device)
        return model.add_gradient(ids, 1 / _predicted(batch), kept, thread)

    def save(self, checkpoint: Checkpoint, step: int, losses: list[float]) -> None:
        """Save the state before `step`."""
        state = {
            f"{index}.{name}": tensor
            for index, optimizer in enumerate(self.optimizers)
            for name, tensor in next(iter(optimizer.state.values())).items()
        }
        progress: dict[str, Any] = {"step": step, "losses": losses}
        if self.selection:
            progress["validation_losses"] = self.selection.losses
            if self.selection.best is not None:
                state["best"] = self.selection.best
        checkpoint.save({"weights": self.model.weights, **state}, progress)

    def resume(self, checkpoint: Checkpoint) -> tuple[int, list[float]]:
        """Load the last saved state; return the first step to do and the losses of the epochs so far."""
        saved = checkpoint.load()
        if saved is None:
            return 0, []
        state, progress = saved
        self.model.weights.copy_(state.pop("weights"))
        if self.selection:
            self.selection.losses = progress["validation_losses"]
            self.selection.best = state.pop("best", None)
        for index, optimizer in enumerate(self.optimizers):
            weights = optimizer.param_groups[0]["params"][0]
            mine = {name.split(".", 1)[1]: tensor for name, tensor in state.items() if name.startswith(f"{index}.")}
            # AdamW keeps its count of steps on the CPU, and the moments on the device of the weights
            optimizer.state[weights] = {
                name: tensor.to(weights.device) if tensor.ndim else tensor for name, tensor in mine.items()
            }
        return progress["step"], progress["losses"]


def _predicted(batch: np.ndarray) -> int:
    """Count the tokens of a batch (blocks, tokens) that are predicted: all but the first of each block."""
    return int(batch.shape[0] * (batch.shape[1] - 1))


def _add_up(pieces: tuple[Tensor, ...]) -> None:
    for piece in pieces[1:]:
        pieces[0].add_(piece)


def cosine(progress: float, first: float, last: float) -> float:
    """Return the half cosine from `first` at progress 0 to `last` at progress 1 (arXiv:1608.03983)."""
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * progress))
