"""Agreement of the beam search with transformers' `generate`, on 1,000 blocks of a trained small model.

    python -m benchmarks.parity [--short] [--json FILE]

The cases are 1, 5 and 8 beams and repetition penalties 1, 2 and 3, in float32 with length penalty 1; also bfloat16 with
5 beams against transformers in float32 and in bfloat16. The model (4 layers, 256 wide, vocabulary 4,096) is trained
here on the docstrings of Python's standard library. Its prompts are blocks of the language reference. Each core runs
one process with one thread.

A row counts the blocks with identical tokens. For the other blocks it has the largest difference of scores: the
log-probability of the search, in nats, summed over 64 tokens.
"""

import argparse
import json
import multiprocessing
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.side_by_side import BLOCK_TOKENS, MODELS, make_model
from benchmarks.workers import cores
from collapse.corpus.blocks import to_blocks
from collapse.corpus.sources import pydoc_topics, stdlib_docstrings
from collapse.corpus.tokenizer import train_tokenizer
from collapse.decoding.registry import decode, load
from collapse.models.allocator import keep_freed
from collapse.models.families import read_config
from collapse.models.opt import read_weights, write_weights
from collapse.models.opt_training import TrainableOpt
from collapse.training.loop import train

CASES = [(beams, penalty, "float32", "float32") for beams in (1, 5, 8) for penalty in (1.0, 2.0, 3.0)]
CASES += [(5, 1.0, "bfloat16", "float32"), (5, 1.0, "bfloat16", "bfloat16")]
TIE = 1e-4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer blocks, less training")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    blocks, epochs = (32, 0.05) if args.short else (1000, 3)
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder, prompts, loss = trained_model(Path(temporary), blocks, epochs)
        print(f"last training loss {loss:.2f} nats; {len(prompts)} prompts of {prompts.shape[1]} tokens", flush=True)
        with multiprocessing.get_context("spawn").Pool(cores(), torch.set_num_threads, (1,)) as pool:
            for case in CASES[:3] if args.short else CASES:
                jobs = [(folder, share, *case) for share in np.array_split(prompts, 4 * cores())]
                pairs = pool.starmap(both, jobs)
                ours, theirs = (
                    [np.concatenate(part) for part in zip(*side, strict=True)] for side in zip(*pairs, strict=True)
                )
                rows.append(row(case, ours, theirs))
                print(json.dumps(rows[-1]), flush=True)
    if args.json:
        args.json.write_text(json.dumps({"training_loss": loss, "rows": rows}, indent=1) + "\n")


def trained_model(folder: Path, blocks: int, epochs: float) -> tuple[Path, np.ndarray, float]:
    """Train the small model on docstrings; return its folder, prompts (blocks, 64), and the last loss in nats."""
    shape = MODELS["small"]
    text = stdlib_docstrings()
    tokenizer = train_tokenizer(text, shape.vocabulary_size)
    training = to_blocks(text, tokenizer, BLOCK_TOKENS)
    prompts = to_blocks(pydoc_topics(validation_fraction=0.0, test_fraction=0.15)["train"], tokenizer, BLOCK_TOKENS)
    spread = np.linspace(0, len(prompts) - 1, blocks).astype(int)
    base = make_model(shape, folder / "base")
    keep_freed()
    torch.set_num_threads(1)
    config = read_config(base)
    model = TrainableOpt(read_weights(base), config["num_attention_heads"], threads=cores())
    losses = train(
        model,
        training[: int(len(training) * min(1, epochs))],
        epochs=max(1, int(epochs)),
        batch_blocks=16,
        learning_rate=1e-3,
        final_learning_rate=1e-4,
        weight_decay=0.01,
        seed=1,
    )
    write_weights(model.state_dict(), config, folder / "trained")
    return folder / "trained", prompts[spread], losses[-1]


def both(
    folder: Path, prompts: np.ndarray, beams: int, penalty: float, our_precision: str, their_precision: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return tokens and scores of this project's engine, then of transformers."""
    results = []
    for engine, precision in (("collapse", our_precision), ("transformers", their_precision)):
        tokens, scores = decode(
            engine,
            "beam_search",
            load(engine, folder, precision),
            torch.from_numpy(prompts).long(),
            new_tokens=BLOCK_TOKENS,
            num_beams=beams,
            repetition_penalty=penalty,
            batch_blocks=16,
        )
        results.append((tokens.numpy(), scores.numpy()))
    return results


def row(case: tuple[Any, ...], ours: list[np.ndarray], theirs: list[np.ndarray]) -> dict[str, Any]:
    same = (ours[0] == theirs[0]).all(axis=1)
    apart = np.abs(ours[1] - theirs[1])[~same].astype(np.float64)
    beams, penalty, our_precision, their_precision = case
    return {
        "num_beams": beams,
        "repetition_penalty": penalty,
        "precision": our_precision,
        "transformers_precision": their_precision,
        "blocks": len(same),
        "identical_blocks": int(same.sum()),
        "largest_score_difference": float(apart.max(initial=0.0)),
        "ties": int((apart <= TIE).sum()),
        "mean_score": float(ours[1].mean()),
        "mean_score_transformers": float(theirs[1].mean()),
    }


if __name__ == "__main__":
    main()
