"""Common parts of pretraining and fine-tuning: options, the memory check, checkpoints, the training itself."""

import argparse
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse.models import memory
from collapse.models.allocator import keep_freed
from collapse.models.families import foreign, shape
from collapse.models.interfaces import Trainable
from collapse.models.opt_training import TrainableOpt
from collapse.options import Compute
from collapse.training.checkpoint import Checkpoint
from collapse.training.loop import train
from collapse.training.options import Training
from collapse.training.processes import Processes, started
from collapse.training.selection import Selection
from scripts.shared import job, options
from scripts.shared.timer import Timer


def add_arguments(made: argparse.ArgumentParser, declared: type[Training]) -> None:
    options.add(made, declared)
    options.add(made, Compute)
    job.add(made, Path, checkpoint="file that keeps the state of an unfinished training")
    job.add(made, float, memory_gigabytes="refuse a job that would need more memory")


def deciding(args: argparse.Namespace, declared: type[Training]) -> dict[str, Any]:
    """Return the options that decide the result, for manifests and checkpoints."""
    return options.values(args, declared) | options.values(args, Compute)


def tokens(args: argparse.Namespace, blocks: np.ndarray) -> int:
    """Count the tokens of blocks (blocks, tokens) that a training reads, with repetitions: the budget of an arm."""
    rows, width = blocks.shape
    epochs, rest = divmod(steps(args, blocks), -(-rows // args.batch_blocks))
    return int((epochs * rows + min(rows, rest * args.batch_blocks)) * width)


def steps(args: argparse.Namespace, blocks: np.ndarray) -> int:
    """Count the steps of a training on blocks (blocks, tokens)."""
    return int(getattr(args, "steps", None) or args.epochs * -(-len(blocks) // args.batch_blocks))


def run(
    args: argparse.Namespace,
    declared: type[Training],
    work: Timer,
    weights: dict[str, Tensor],
    config: Mapping[str, Any],
    blocks: np.ndarray,
    seed: int,
    selection: Selection | None = None,
) -> tuple[Trainable, list[float], Processes]:
    """Train from `weights`, which this call empties. Return the model, the loss of each epoch, and the processes.

    Raises TooLittleMemory before it computes anything, if the job needs more memory than it may take.
    """
    needed = memory.finetuning(
        shape(config),
        tokens=blocks.shape[1],
        micro_batch_blocks=min(args.micro_batch_blocks, args.batch_blocks),
        threads=args.threads,
        precision=args.precision,
        selects=selection is not None,
    )
    memory.check(needed, args.memory_gigabytes, "training", "micro_batch_blocks")
    keep_freed()
    torch.set_num_threads(1)  # for each matrix product; `threads` counts the micro-batches that run at the same time
    processes = started(args.device)
    fingerprint = hashlib.sha256(
        json.dumps([deciding(args, declared), dict(config), seed, args.code, processes.count], sort_keys=True).encode()
        + blocks.tobytes()
    )
    for name in sorted(weights):
        fingerprint.update(weights[name].numpy().tobytes())
    model = trainable(weights, config, processes.device, getattr(torch, args.precision), args.threads)
    weights.clear()
    checkpoint = Checkpoint(args.checkpoint, args.checkpoint_minutes, fingerprint.hexdigest())
    with work:
        losses = train(
            model,
            blocks,
            epochs=args.epochs,
            steps=getattr(args, "steps", None),
            batch_blocks=args.batch_blocks,
            micro_batch_blocks=args.micro_batch_blocks,
            learning_rate=args.learning_rate,
            final_learning_rate=args.final_learning_rate,
            weight_decay=args.weight_decay,
            seed=seed,
            selection=selection,
            checkpoint=checkpoint if args.checkpoint_minutes else None,
            processes=processes,
            progress=lambda step, steps, loss: work.progress(step, steps, f"steps, loss {loss:.2f}"),
        )
    return model, losses, processes


def trainable(
    weights: Mapping[str, Tensor], config: Mapping[str, Any], device: torch.device, precision: torch.dtype, threads: int
) -> Trainable:
    """Make a model to train, with this project's own code where it supports the architecture."""
    there = {name: tensor.to(device) for name, tensor in weights.items()}
    if not foreign(config):
        heads, dropout = config["num_attention_heads"], config.get("dropout", 0.0)
        return TrainableOpt(there, heads=heads, dropout=dropout, precision=precision, threads=threads)
    from collapse.models.transformers_model import TrainableTransformer  # takes seconds to import

    return TrainableTransformer(there, config, precision=precision, threads=threads)
