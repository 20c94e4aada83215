"""Speed of fine-tuning against `transformers.Trainer`: batches of 64 blocks of 64 tokens, AdamW, dropout 0.1.

    python -m benchmarks.finetuning [--short] [--json FILE] [--device cpu|cuda]

An engine is one process with a thread for each core. It stops after every step, so that the two engines take turns. The
first step is not counted. Trainer uses torch's fused AdamW and does not evaluate, save, log or clip. It takes a batch
whole or in parts of 16, whichever is faster. bfloat16 is its `bf16=True`: weights in float32, products in bfloat16.
Peak memory is the memory of the process.

`largest_loss_difference`, in nats, comes from a second training by both engines, in float32 without dropout, on the
same blocks in the same order at the same constant learning rate. It has `compared_steps` steps of
`compared_batch_blocks` blocks.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.side_by_side import (
    BLOCK_TOKENS,
    DTYPES,
    MODELS,
    PEER,
    best,
    in_rounds,
    make_model,
    measure_machine,
    parse,
    random_blocks,
    row,
    show,
    show_heading,
    write,
)
from benchmarks.workers import Engine, Turn, Workers, cores
from collapse.models import operations

if TYPE_CHECKING:
    from collapse.models.opt_training import TrainableOpt

BATCH_BLOCKS, PART_BLOCKS, SEED = 64, 16, 1
LEARNING_RATE = 2e-5  # as in the released code
STEPS_A_ROUND = {"opt-125m": 1, "small": 3}
COMPARED = {"opt-125m": (5, 2), "small": (100, 8)}  # steps, blocks a batch


def main() -> None:
    args = parse(__doc__)
    machine = measure_machine(args.device, args.short)
    show_heading(machine)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for model, shape in MODELS.items():
            folder = make_model(shape, Path(temporary) / model, dropout=0.1)
            without_dropout = make_model(shape, Path(temporary) / f"{model} without dropout")
            for dtype in DTYPES:
                results = compare(model, folder, dtype, machine, args.device, args.short)
                show(results)
                if dtype == "float32" and not (args.short and model == "opt-125m"):
                    difference = compare_losses(model, without_dropout, args.device, args.short)
                    results = [result | difference for result in results]
                    print(
                        f"{model}: {', '.join(f'{key} {value:.2g}' for key, value in difference.items())}", flush=True
                    )
                rows += results
    write(rows, machine, args.json)


def compare(
    model: str, folder: Path, dtype: str, machine: dict[str, Any], device: str, short: bool
) -> list[dict[str, Any]]:
    """Find Trainer's fastest settings, then run the rounds; return one row for each engine."""
    shape, steps = MODELS[model], STEPS_A_ROUND[model]
    batch_blocks, rounds = (4, 2) if short else (BATCH_BLOCKS, 5)
    blocks = random_blocks(shape, batch_blocks * (1 + rounds * steps), seed=1)
    process = {"processes": 1, "threads": cores()}
    tried: list[dict[str, Any]] = []
    for part in [batch_blocks] if short else [BATCH_BLOCKS, PART_BLOCKS]:
        tried.append({"settings": process | {"part_blocks": part}})
        if not short:
            with Workers((peer_engine, (folder, dtype, device, blocks, batch_blocks, part)), **process) as workers:
                workers.start()
                tried[-1]["tokens_per_second"] = round(batch_blocks * BLOCK_TOKENS / workers([None])[0], 1)
    chosen = best(tried)
    engines: dict[str, Engine] = {
        "ours": (our_engine, (folder, dtype, device, blocks, batch_blocks)),
        PEER: (peer_engine, (folder, dtype, device, blocks, batch_blocks, chosen["part_blocks"])),
    }

    def rate(name: str, workers: Workers) -> float:
        return batch_blocks * BLOCK_TOKENS * steps / sum(workers([None])[0] for _ in range(steps))

    rates, memory = in_rounds(
        engines, {"ours": process, PEER: chosen}, lambda name, workers: workers.start(), rate, rounds
    )
    return [
        row(
            model,
            name,
            dtype,
            rates,
            operations_per_token=operations.training(shape, BLOCK_TOKENS) / BLOCK_TOKENS,
            machine=machine,
            peak_memory_bytes=memory[name],
            batch_blocks=batch_blocks,
            **({"settings": chosen, "tried": tried} if name == PEER else {"settings": process}),
        )
        for name in engines
    ]


def compare_losses(model: str, folder: Path, device: str, short: bool) -> dict[str, Any]:
    """Train with both engines on the same blocks; return the largest difference of their losses, in nats."""
    steps, batch_blocks = COMPARED[model]
    steps = 10 if short else steps
    given = (folder, "float32", device, random_blocks(MODELS[model], steps * batch_blocks, seed=2), batch_blocks)
    with (
        Workers((our_engine, given), 1, cores()) as ours,
        Workers((peer_engine, (*given, batch_blocks)), 1, cores()) as peer,
    ):
        pairs = [(ours.start()[0], peer.start()[0])]
        pairs += [(ours([None])[1][0], peer([None])[1][0]) for _ in range(steps - 1)]
    return {
        "largest_loss_difference": max(abs(our_loss - peer_loss) for our_loss, peer_loss in pairs),
        "first_loss": pairs[0][1],
        "last_loss": pairs[-1][1],
        "compared_steps": steps,
        "compared_batch_blocks": batch_blocks,
    }


def our_engine(turn: Turn, folder: Path, dtype: str, device: str, blocks: np.ndarray, batch_blocks: int) -> None:
    from collapse.training.loop import train

    train(
        trainable(folder, dtype, device),
        blocks,
        epochs=1,
        batch_blocks=batch_blocks,
        learning_rate=LEARNING_RATE,
        final_learning_rate=LEARNING_RATE,
        weight_decay=0.0,
        seed=SEED,
        progress=lambda step, steps, loss: turn(loss),
    )


def trainable(folder: Path, dtype: str, device: str) -> "TrainableOpt":
    """Load the model of a folder for training as `scripts/finetune.py` does: every thread computes its own blocks."""
    import torch

    from collapse.models.allocator import keep_freed
    from collapse.models.families import read_config
    from collapse.models.opt import read_weights
    from collapse.models.opt_training import TrainableOpt

    keep_freed()
    torch.set_num_threads(1)
    config = read_config(folder)
    return TrainableOpt(
        {name: tensor.to(device) for name, tensor in read_weights(folder).items()},
        heads=config["num_attention_heads"],
        dropout=config["dropout"],
        precision=getattr(torch, dtype),
        threads=cores() if device == "cpu" else 1,
    )


def peer_engine(
    turn: Turn, folder: Path, dtype: str, device: str, blocks: np.ndarray, batch_blocks: int, part_blocks: int
) -> None:
    """Engine: Trainer, on the blocks in the order of `train`."""
    import torch
    from transformers import OPTForCausalLM, Trainer, TrainerCallback, TrainingArguments

    from collapse.seeds import derive_seed

    model = OPTForCausalLM.from_pretrained(folder, dtype=torch.float32)
    order = np.random.default_rng(derive_seed(SEED, "order")).permutation(len(blocks))
    losses: list[torch.Tensor] = []  # of each part of a step
    model.register_forward_hook(lambda model, inputs, output: losses.append(output.loss.detach()))

    class Halt(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
        def on_step_end(self, args: object, state: object, control: object, **more: object) -> None:
            loss = float(sum(losses))
            losses.clear()
            turn(loss)

    with tempfile.TemporaryDirectory() as temporary:
        arguments = TrainingArguments(
            output_dir=temporary,
            per_device_train_batch_size=part_blocks,
            gradient_accumulation_steps=batch_blocks // part_blocks,
            num_train_epochs=1,
            train_sampling_strategy="sequential",
            learning_rate=LEARNING_RATE,
            lr_scheduler_type="constant",
            weight_decay=0.0,
            max_grad_norm=0.0,
            optim="adamw_torch_fused",
            bf16=dtype == "bfloat16",
            use_cpu=device == "cpu",
            dataloader_pin_memory=device != "cpu",
            logging_strategy="no",
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        rows = [{"input_ids": row, "labels": row} for row in torch.from_numpy(blocks[order])]
        Trainer(model=model, args=arguments, train_dataset=rows, callbacks=[Halt()]).train()


if __name__ == "__main__":
    main()
