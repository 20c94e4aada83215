"""Time of a chain of three generations: this project against the released procedure, rewritten with transformers.

    python -m benchmarks.chain [--short] [--json FILE] [--device cpu|cuda] [--text FILE]

In each generation a small OPT in float32 is fine-tuned on text, continues every block of it, and is scored on test
text. The continuations are the next training set. Every generation starts from the same weights.

The released procedure is a plain AdamW loop, `generate` with 5 beams, and a plain loop over losses. This project does
the same amount of work: epochs, batches of 8 blocks in the same order, learning rate, beams. Both use all cores in the
same way. One process with a thread for each core fine-tunes. One process for each core, with one thread, generates and
scores a share of the blocks. The time excludes the start of the processes and includes writing and reading the models.

The text is Python's language reference, or `--text`; the last tenth of its lines is test text. A BPE of 4,096 tokens is
trained on it. In the output, tokens a second are synthetic tokens over the seconds of the whole chain. Peak memory is
the sum over the processes, `seconds` are medians over the rounds, and `perplexity` is on test text by generation.
"""

import statistics
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.finetuning import trainable
from benchmarks.side_by_side import (
    BLOCK_TOKENS,
    MODELS,
    PEER,
    alternate,
    make_model,
    measure_machine,
    parse,
    read_peer,
    row,
    show,
    show_heading,
    write,
)
from benchmarks.workers import Turn, Workers, answer, cores, layout
from collapse.models import operations

MODEL, GENERATIONS, BEAMS, BATCH_BLOCKS = "small", 3, 5, 8
READING_BLOCKS = 16  # blocks in a batch of generation and scoring
LEARNING_RATE, WEIGHT_DECAY = 1e-3, 0.01


def main() -> None:
    args = parse(__doc__, lambda parser: parser.add_argument("--text", type=Path, help="UTF-8 text file"))
    blocks, test_blocks, epochs, rounds = (8, 8, 1, 2) if args.short else (96, 96, 5, 3)
    machine = measure_machine(args.device, args.short)
    shape = MODELS[MODEL]
    text, test = read_text(args.text, shape.vocabulary_size)
    text, test = text[:blocks], test[:test_blocks]
    done: dict[str, list[dict[str, Any]]] = {"ours": [], PEER: []}

    def rate(name: str, training: Workers, reading: Workers) -> float:
        with tempfile.TemporaryDirectory() as folder:
            done[name].append(run_chain(training, reading, Path(folder), text, test, epochs))
        return float(GENERATIONS * text.size / sum(done[name][-1]["seconds"].values()))

    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        base = make_model(shape, Path(temporary) / MODEL)
        workers = {
            name: (
                stack.enter_context(Workers((training, (base, args.device)), 1, cores())),
                stack.enter_context(Workers((reading, (args.device,)), *layout(args.device))),
            )
            for name, training, reading in (
                ("ours", our_training, our_reading),
                (PEER, peer_training, peer_reading),
            )
        }
        for both in workers.values():
            run_chain(*both, Path(temporary) / "unused", text[:2], test[:2], epochs=1, generations=1)
        rates = alternate({name: partial(rate, name, *both) for name, both in workers.items()}, rounds)
    counted = GENERATIONS * (
        epochs * len(text) * operations.training(shape, BLOCK_TOKENS)
        + len(text) * operations.beam_search(shape, BLOCK_TOKENS, BLOCK_TOKENS, BEAMS)
        + len(test) * operations.scoring(shape, BLOCK_TOKENS)
    )
    rows = []
    for name, both in workers.items():
        seconds = {
            phase: round(statistics.median(chain["seconds"][phase] for chain in done[name]), 3)
            for phase in done[name][0]["seconds"]
        }
        rows.append(
            row(
                MODEL,
                name,
                "float32",
                rates,
                operations_per_token=counted / (GENERATIONS * text.size),
                machine=machine,
                peak_memory_bytes=sum(each.peak_memory for each in both),
                seconds=round(statistics.median(sum(chain["seconds"].values()) for chain in done[name]), 3),
                seconds_by_phase=seconds,
                perplexity=done[name][-1]["perplexity"],
                blocks=len(text),
                test_blocks=len(test),
                epochs=epochs,
            )
        )
    show_heading(machine)
    show(rows)
    write(rows, machine, args.json)
    for result in rows:
        phases = ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in result["seconds_by_phase"].items())
        perplexities = ", ".join(f"{value:.1f}" for value in result["perplexity"])
        print(f"{result['engine']}: {result['seconds']:.1f} s ({phases}); test perplexity {perplexities}")


def read_text(path: Path | None, vocabulary_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return training and test blocks, (blocks, 64) each."""
    from collapse.corpus.blocks import to_blocks
    from collapse.corpus.sources import pydoc_topics, read_lines
    from collapse.corpus.tokenizer import train_tokenizer

    if path is None:
        documents = pydoc_topics(validation_fraction=0.0, test_fraction=0.15)
    else:
        lines = read_lines(path)
        cut = len(lines) - max(1, len(lines) // 10)
        documents = {"train": lines[:cut], "test": lines[cut:]}
    tokenizer = train_tokenizer(documents["train"], vocabulary_size)
    return to_blocks(documents["train"], tokenizer, BLOCK_TOKENS), to_blocks(documents["test"], tokenizer, BLOCK_TOKENS)


def run_chain(
    training: Workers,
    reading: Workers,
    folder: Path,
    text: np.ndarray,
    test: np.ndarray,
    epochs: int,
    generations: int = GENERATIONS,
) -> dict[str, Any]:
    """Return the seconds of each phase, summed over generations, and test perplexity by generation."""
    from collapse.measures.perplexity import perplexity

    seconds = {"finetune": 0.0, "generate": 0.0, "evaluate": 0.0}
    perplexities = []
    blocks = text
    for generation in range(generations):
        model = folder / f"generation{generation}"
        took, _ = training([(blocks, epochs, generation, model)])
        seconds["finetune"] += took
        parts = {}
        for phase, given in (("generate", text), ("evaluate", test)):
            shares = np.array_split(given, len(reading.processes))
            took, parts[phase] = reading([(phase, model, share) for share in shares])
            seconds[phase] += took
        blocks = np.concatenate(parts["generate"]).astype(np.int32)
        perplexities.append(perplexity(np.concatenate(parts["evaluate"])))
    return {"seconds": seconds, "perplexity": perplexities}


def our_training(turn: Turn, base: Path, device: str) -> None:
    from collapse.models.families import read_config
    from collapse.models.opt import write_weights
    from collapse.training.loop import train

    def finetune(blocks: np.ndarray, epochs: int, seed: int, folder: Path) -> None:
        model = trainable(base, "float32", device)
        train(
            model,
            blocks,
            epochs=epochs,
            batch_blocks=BATCH_BLOCKS,
            learning_rate=LEARNING_RATE,
            final_learning_rate=LEARNING_RATE,
            weight_decay=WEIGHT_DECAY,
            seed=seed,
        )
        write_weights(model.state_dict(), read_config(base), folder)

    answer(turn, finetune)


def peer_training(turn: Turn, base: Path, device: str) -> None:
    import torch

    from collapse.seeds import derive_seed

    def finetune(blocks: np.ndarray, epochs: int, seed: int, folder: Path) -> None:
        model = read_peer(base, "float32", device).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        order = np.random.default_rng(derive_seed(seed, "order"))
        for _ in range(epochs):
            shuffled = torch.from_numpy(blocks[order.permutation(len(blocks))]).long().to(device)
            for batch in shuffled.split(BATCH_BLOCKS):
                optimizer.zero_grad()
                model(input_ids=batch, labels=batch).loss.backward()
                optimizer.step()
        model.save_pretrained(folder)

    answer(turn, finetune)


def our_reading(turn: Turn, device: str) -> None:
    import torch

    from collapse.decoding.beam_search import beam_search
    from collapse.measures.perplexity import token_losses
    from collapse.models.opt import load_opt

    def read(phase: str, folder: Path, blocks: np.ndarray) -> np.ndarray:
        model = load_opt(folder, torch.float32, device)
        ids = torch.from_numpy(blocks).long().to(device)
        if phase == "evaluate":
            return token_losses(model, ids, READING_BLOCKS)
        tokens, _ = beam_search(model, ids, new_tokens=BLOCK_TOKENS, num_beams=BEAMS, batch_blocks=READING_BLOCKS)
        return tokens.cpu().numpy()

    answer(turn, read)


def peer_reading(turn: Turn, device: str) -> None:
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import GenerationConfig

    from collapse.corpus.special_tokens import END_OF_TEXT, PAD

    config = GenerationConfig(
        num_beams=BEAMS,
        min_new_tokens=BLOCK_TOKENS,
        max_new_tokens=BLOCK_TOKENS,
        do_sample=False,
        length_penalty=1.0,
        eos_token_id=END_OF_TEXT,
        pad_token_id=PAD,
    )

    @torch.inference_mode()
    def read(phase: str, folder: Path, blocks: np.ndarray) -> np.ndarray:
        model = read_peer(folder, "float32", device)
        results = []
        for batch in torch.from_numpy(blocks).long().to(device).split(READING_BLOCKS):
            if phase == "evaluate":
                logits = model(input_ids=batch).logits[:, :-1]
                losses = cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten(), reduction="none")
                results.append(losses.view(len(batch), -1))
            else:
                ids = model.generate(batch, attention_mask=torch.ones_like(batch), generation_config=config)
                results.append(ids[:, BLOCK_TOKENS:])
        return torch.cat(results).cpu().numpy()

    answer(turn, read)


if __name__ == "__main__":
    main()
