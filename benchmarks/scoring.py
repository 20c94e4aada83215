"""Speed of scoring against a plain loop over transformers: losses and perplexity of random text.

    python -m benchmarks.scoring [--short] [--json FILE] [--device cpu|cuda]

An engine has one process for each core, with one thread, and every process has a share of the blocks. Each engine
tries several batch sizes first. Tokens a second count the scored tokens, 63 of the 64 in a block, of all processes.
Peak memory is the sum over the processes, during the rounds. `perplexity_difference` is relative to the perplexity of
transformers in the same number format.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.side_by_side import (
    BLOCK_TOKENS,
    DTYPES,
    MODELS,
    PEER,
    batch_sizes,
    best,
    in_rounds,
    make_model,
    measure_machine,
    parse,
    random_blocks,
    read_peer,
    row,
    show,
    show_heading,
    write,
)
from benchmarks.workers import Engine, Turn, Workers, answer, layout
from collapse.models import operations

BATCHES = {"opt-125m": [1, 2, 4, 8, 16], "small": [4, 8, 16, 32, 64]}
BLOCKS_A_CORE = {"opt-125m": 32, "small": 512}
SCORED = BLOCK_TOKENS - 1


def main() -> None:
    args = parse(__doc__)
    machine = measure_machine(args.device, args.short)
    show_heading(machine)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for model, shape in MODELS.items():
            folder = make_model(shape, Path(temporary) / model)
            for dtype in DTYPES:
                results = compare(model, folder, dtype, machine, args.device, args.short)
                show(results)
                rows += results
    write(rows, machine, args.json)


def compare(
    model: str, folder: Path, dtype: str, machine: dict[str, Any], device: str, short: bool
) -> list[dict[str, Any]]:
    """Find the fastest batch sizes, then run the rounds; return one row for each engine."""
    from collapse.measures.perplexity import perplexity

    shape, batches, blocks, rounds = MODELS[model], BATCHES[model], BLOCKS_A_CORE[model], 3
    if device == "cuda":
        batches, blocks = [16 * batch for batch in batches], 64 * blocks
    if short:
        batches, blocks, rounds = batches[2:3], blocks // 8, 2
    text = random_blocks(shape, layout(device)[0] * blocks, seed=1)
    given = (folder, dtype, device)
    engines: dict[str, Engine] = {"ours": (our_engine, given), PEER: (peer_engine, given)}

    def trial(workers: Workers, settings: dict[str, Any]) -> float:
        score(workers, text[: len(workers.processes) * settings["batch_blocks"]], settings)  # not counted
        return score(workers, text, settings)[0]

    tried = {name: batch_sizes(engine, batches, trial, device) for name, engine in engines.items()}
    settings = {name: best(tried[name]) for name in engines}
    losses: dict[str, np.ndarray] = {}

    def rate(name: str, workers: Workers) -> float:
        tokens_per_second, losses[name] = score(workers, text, settings[name])
        return tokens_per_second

    rates, memory = in_rounds(engines, settings, rate, rate, rounds)
    perplexities = {name: perplexity(losses[name]) for name in engines}
    return [
        row(
            model,
            name,
            dtype,
            rates,
            operations_per_token=operations.scoring(shape, BLOCK_TOKENS) / SCORED,
            machine=machine,
            peak_memory_bytes=memory[name],
            perplexity=perplexities[name],
            perplexity_difference=perplexities[name] / perplexities[PEER] - 1,
            largest_loss_difference=float(np.abs(losses[name] - losses[PEER]).max()),
            settings=settings[name],
            tried=tried[name],
        )
        for name in engines
    ]


def score(workers: Workers, blocks: np.ndarray, settings: dict[str, Any]) -> tuple[float, np.ndarray]:
    """Score all blocks; return tokens a second, and the losses (blocks, 63) in nats."""
    shares = np.array_split(blocks, len(workers.processes))
    seconds, parts = workers([(share, settings["batch_blocks"]) for share in shares])
    return len(blocks) * SCORED / seconds, np.concatenate(parts)


def our_engine(turn: Turn, folder: Path, dtype: str, device: str) -> None:
    import torch

    from collapse.measures.perplexity import token_losses
    from collapse.models.opt import load_opt

    model = load_opt(folder, getattr(torch, dtype), device)
    answer(turn, lambda blocks, batch: token_losses(model, torch.from_numpy(blocks).to(device), batch))


def peer_engine(turn: Turn, folder: Path, dtype: str, device: str) -> None:
    import torch
    from torch.nn.functional import cross_entropy

    model = read_peer(folder, dtype, device)

    @torch.inference_mode()
    def losses(blocks: np.ndarray, batch_blocks: int) -> np.ndarray:
        parts = []
        for batch in torch.from_numpy(blocks).to(device).split(batch_blocks):
            logits = model(input_ids=batch, use_cache=False).logits[:, :-1].float()
            parts.append(cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten(), reduction="none").cpu())
        return torch.cat(parts).view(len(blocks), -1).numpy()

    answer(turn, losses)


if __name__ == "__main__":
    main()
