"""Peak memory of training, generation and scoring against the estimates of collapse/models/memory.py.

    python -m benchmarks.memory [--short] [--json FILE] [--device cpu|cuda]

Each case runs in its own process. `blocks` is the size of a batch. Training divides it into micro-batches as in
config.yaml. Scoring holds two models, as `evaluate` does.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.finetuning import trainable
from benchmarks.generation import BEAMS, our_engine
from benchmarks.side_by_side import BLOCK_TOKENS, DTYPES, MODELS, Shape, make_model, parse, random_blocks, write
from benchmarks.workers import Turn, Workers, answer, cores
from collapse.models import memory

MICRO_BATCH_BLOCKS = 8
SIZES = {"finetuning": 128, "generation": 32, "scoring": 32}


def main() -> None:
    args = parse(__doc__)
    rows = []
    print(f"{'model':10}{'work':12}{'dtype':10}{'blocks':>7}{'measured':>12}{'estimate':>12}{'ratio':>7}")
    with tempfile.TemporaryDirectory() as temporary:
        for model, shape in MODELS.items():
            if args.short and model == "opt-125m":
                continue
            folder = make_model(shape, Path(temporary) / model, dropout=0.1)
            for work, blocks in SIZES.items():
                for dtype in DTYPES:
                    rows.append(measured(model, shape, folder, work, blocks, dtype, args.device))
                    show(rows[-1])
    write(rows, {}, args.json)


def measured(model: str, shape: Shape, folder: Path, work: str, blocks: int, dtype: str, device: str) -> dict[str, Any]:
    batch = random_blocks(shape, blocks, seed=1)
    threads = cores() if work == "finetuning" and device == "cpu" else 1
    if work == "finetuning":
        engine = (train_once, (folder, dtype, device))
        job: tuple[Any, ...] = (batch,)
        estimate = memory.finetuning(
            shape, tokens=BLOCK_TOKENS, micro_batch_blocks=MICRO_BATCH_BLOCKS, threads=threads, precision=dtype
        )
    elif work == "generation":
        engine = (our_engine, (folder, dtype, device))
        job = (batch, BLOCK_TOKENS, {"batch_blocks": blocks})
        estimate = memory.generation(
            shape, prompt=BLOCK_TOKENS, new_tokens=BLOCK_TOKENS, beams=BEAMS, batch_blocks=blocks, precision=dtype
        )
    else:
        engine = (score_once, (folder, dtype, device))
        job = (batch, blocks)
        estimate = memory.scoring(shape, tokens=BLOCK_TOKENS, batch_blocks=blocks, precision=dtype)
    with Workers(engine, 1, threads) as workers:
        workers([job])
        return {
            "model": model,
            "work": work,
            "dtype": dtype,
            "blocks": blocks,
            "peak_memory_bytes": workers.peak_memory,
            "estimated_bytes": estimate,
        }


def show(row: dict[str, Any]) -> None:
    peak, estimate = row["peak_memory_bytes"] / 1e9, row["estimated_bytes"] / 1e9
    print(
        f"{row['model']:10}{row['work']:12}{row['dtype']:10}{row['blocks']:7}{peak:9.2f} GB{estimate:9.2f} GB"
        f"{estimate / peak:7.2f}",
        flush=True,
    )


def train_once(turn: Turn, folder: Path, dtype: str, device: str) -> None:
    from collapse.training.loop import Trainer
    from collapse.training.processes import Processes

    def step(batch: np.ndarray) -> float:
        trainer = Trainer(trainable(folder, dtype, device), 0.0, 1, MICRO_BATCH_BLOCKS, Processes())
        return [trainer.step(batch, number, 1e-5) for number in range(2)][-1]  # the first step makes the moments

    answer(turn, step)


def score_once(turn: Turn, folder: Path, dtype: str, device: str) -> None:
    import torch

    from collapse.measures.perplexity import token_losses
    from collapse.models.opt import load_opt

    models = [load_opt(folder, getattr(torch, dtype), device) for _ in range(2)]

    def score(blocks: np.ndarray, batch_blocks: int) -> float:
        return sum(float(token_losses(model, torch.from_numpy(blocks), batch_blocks).mean()) for model in models)

    answer(turn, score)


if __name__ == "__main__":
    main()
