"""Write a block for every human training block with a fine-tuned model: a generation's text, or a shard of it."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from collapse.decoding import verifiers
from collapse.decoding.options import LEARNED
from collapse.decoding.registry import decode, load
from collapse.decoding.verifiers import Reference, kept
from collapse.models import memory
from collapse.models.families import check_engine, end_of_text, read_config, shape
from collapse.models.interfaces import load_reader
from collapse.seeds import derive_seed
from collapse.tables import read_blocks
from scripts.shared import decoder, job, synthetic_text
from scripts.shared.step import Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add_place(parser)
    decoder.add_arguments(parser)
    synthetic_text.add_sources(parser)
    parser.add_argument("--shard", type=int, default=1, help="number of this shard, from 1")
    parser.add_argument("--shards", type=int, default=1, help="number of jobs that share the prompts")
    job.add(parser, float, memory_gigabytes="refuse a job that would need more memory")
    job.add(parser, Path, "output", "manifest")
    args = parser.parse_args(argv)
    step = Step(args)
    torch.set_num_threads(args.threads)

    place = job.place(args)
    written = place | decoder.record(args)
    step.check(args.model / "manifest.json", "model", job.place(args, "model"))
    step.check(args.corpus / "train.manifest.json", "human text", {"split": "train"})
    config = read_config(args.model)
    check_engine(args.engine, config)
    human, table = read_blocks(args.corpus / "train.parquet")
    prompts = human
    if args.generation0_model:
        first = job.place(args, "generation0") | {"generation": 0}
        step.check(args.generation0_model / "manifest.json", "model", first)
        step.check(args.corpus / "validation.manifest.json", "human text", {"split": "validation"})
    if args.previous:
        before = job.place(args, "previous") | {"generation": args.generation - 1}
        step.check(args.previous.with_suffix(".manifest.json"), "synthetic text", before)
        prompts, _ = read_blocks(args.previous)  # one block for each human block, in the same order
    if args.prompts == "none":
        prompts = np.full((len(prompts), 1), end_of_text(config))  # this token also begins a text
    rows = synthetic_text.shard_rows(len(prompts), args.batch_blocks, args.shard, args.shards)
    accuracy = None
    prompts, source_block = prompts[rows], table.column("block").to_numpy()[rows]
    if len(prompts):
        needed = memory.generation(
            shape(config),
            prompt=prompts.shape[1],
            new_tokens=args.new_tokens,
            beams=args.num_beams or 1,
            batch_blocks=args.batch_blocks,
            precision=args.precision,
            verifies=args.candidates > 1,
        )
        memory.check(needed, args.memory_gigabytes, "generation", "text.generate.batch_blocks")
        model = load(args.engine, args.model, args.precision, args.device)
        # a block draws from the stream of its number, its further candidates from streams of their own
        streams = (source_block[:, None] + (np.arange(args.candidates) << 32)).ravel()
        with step:
            new, log_probability = decode(
                args.engine,
                args.decoder,
                model,
                torch.from_numpy(prompts).long().repeat_interleave(args.candidates, dim=0),
                new_tokens=args.new_tokens,
                progress=lambda done, total: step.progress(done, total, "blocks"),
                **decoder.own_options(args),
                **decoder.drawing(args, "generate", streams),
            )
            tokens, scores, marks = new.numpy(), log_probability.numpy(), decoder.marked(args, streams)
            if args.candidates > 1:
                choice, accuracy = verified(args, tokens, human, source_block)
                tokens, scores, marks = tokens[choice], scores[choice], marks[choice]
    else:  # more shards than batches
        tokens, scores, marks = np.zeros((0, args.new_tokens), np.int64), np.zeros(0, np.float32), np.zeros(0, bool)
    synthetic_text.write(args.output, tokens, source_block, scores, marks, place)
    whole = args.shards == 1
    written["verifier_accuracy"] = accuracy
    shard = {} if whole else {"shard": args.shard, "shards": args.shards}
    kind = "synthetic text" if whole else "synthetic shard"
    step.write(args.manifest, kind, [args.output], written | shard)


def verified(
    args: argparse.Namespace, tokens: np.ndarray, human: np.ndarray, source_block: np.ndarray
) -> tuple[np.ndarray, float | None]:
    """Choose one of the candidates (blocks × candidates, tokens) of each block. Add the accuracy of a learned judge."""
    model = load_reader(args.generation0_model, torch.float32, args.device)
    reference = Reference(
        model,
        human,
        read_blocks(args.corpus / "validation.parquet")[0],
        batch_blocks=args.batch_blocks,
        continued=lambda rows: examples(args, human, rows),
        end_of_text=end_of_text(read_config(args.generation0_model)),
    )
    grades = getattr(verifiers, args.verifier)(tokens, reference).reshape(-1, args.candidates)
    seed = derive_seed(args.seed, args.generation, "verify")
    choice = kept(grades, args.verifier_noise, seed, source_block)
    accuracy = reference.judge.accuracy if args.verifier in LEARNED else None
    return np.arange(len(choice)) * args.candidates + choice, accuracy


def examples(args: argparse.Namespace, human: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Let generation 0's model continue human blocks: the same text, so the same judge, in all generations."""
    start = end_of_text(read_config(args.generation0_model))
    prompts = np.full((len(rows), 1), start) if args.prompts == "none" else human[rows]
    first = argparse.Namespace(**vars(args) | {"generation": 0})
    tokens, _ = decode(
        args.engine,
        args.decoder,
        load(args.engine, args.generation0_model, "float32", args.device),
        torch.from_numpy(prompts).long(),
        new_tokens=args.new_tokens,
        **decoder.own_options(args),
        **decoder.drawing(first, "verify-examples", rows),
    )
    return tokens.numpy()
