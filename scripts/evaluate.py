"""Measure one generation: its model on human test text, and its text alone and beside human text."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from collapse.artefacts import checked_file, write_json
from collapse.decoding.registry import decode, load
from collapse.measures import evaluation
from collapse.measures.options import Evaluate
from collapse.models import memory
from collapse.models.families import end_of_text, read_config, shape
from collapse.models.interfaces import load_reader
from collapse.tables import read_blocks, write_columns
from scripts.shared import decoder, job, options
from scripts.shared.step import Step

TRAINING = ("training_blocks", "training_steps", "training_tokens", "human_fraction")  # known of the model's training


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add_place(parser)
    job.add_source_arms(parser, "model", "generation0", "text")
    decoder.add_arguments(parser)
    options.add(parser, Evaluate, "evaluate_")
    job.add(parser, Path, model="folder of finetune", generation0_model="the same for generation 0 of the chain")
    job.add(parser, Path, "synthetic", corpus="folder of prepare_corpus", tokenizer="tokenizer.json")
    job.add(parser, Path, "scores", "metrics", "manifest")
    job.add(parser, float, memory_gigabytes="refuse a job that would need more memory")
    args = parser.parse_args(argv)
    step = Step(args)
    torch.set_num_threads(args.threads)

    place = job.place(args)
    written = decoder.record(args)
    trained = step.check(args.model / "manifest.json", "model", job.place(args, "model"))
    first_place = job.place(args, "generation0") | {"generation": 0}
    step.check(args.generation0_model / "manifest.json", "model", first_place)
    text = step.check(args.synthetic.with_suffix(".manifest.json"), "synthetic text", job.place(args, "text") | written)
    for split in ("train", "test"):
        step.check(args.corpus / f"{split}.manifest.json", "human text", {"split": split})
    config = read_config(args.model)
    texts = evaluation.Texts(
        human=read_blocks(args.corpus / "train.parquet")[0],
        test=read_blocks(args.corpus / "test.parquet")[0],
        synthetic=read_blocks(args.synthetic)[0],
        end_of_text=end_of_text(config),
    )
    evaluate = Evaluate(**options.values(args, Evaluate, "evaluate_"))
    passage = job.read_json(args.corpus / "passage.json")
    tokenizer = Tokenizer.from_file(str(checked_file(args.tokenizer, args.tokenizer.with_name("manifest.json"))))
    batch_blocks = evaluate.batch_blocks
    needed = memory.scoring(
        shape(config), tokens=texts.test.shape[1], batch_blocks=batch_blocks, precision=evaluate.precision
    )
    memory.check(needed, args.memory_gigabytes, "scoring", "text.evaluate.batch_blocks")
    precision = getattr(torch, evaluate.precision)
    model = load_reader(args.model, precision, args.device)
    first = model if args.generation == 0 else load_reader(args.generation0_model, precision, args.device)
    own_engine = (args.engine, args.precision) == ("collapse", evaluate.precision)
    writer = model if own_engine else load(args.engine, args.model, args.precision, args.device)

    with step:
        readings = evaluation.read(model, first, texts, evaluate, batch_blocks=batch_blocks, seed=args.seed)
        continuation = continue_passage(writer, passage["input_ids"], args)

    measured = evaluation.metrics(
        texts,
        readings,
        evaluate,
        decode=tokenizer.decode,
        vocabulary_size=model.vocabulary_size,
        seed=args.seed,
    )
    metrics = {
        **place,
        **{name: trained[name] for name in TRAINING},
        **{f"watermark_flagged_{name}": rate for name, rate in (trained["detection"] or {}).items()},
        **({"verifier_accuracy": text["verifier_accuracy"]} if text["verifier_accuracy"] is not None else {}),
        **measured,
        "passage": passage["text"],
        "continuation": tokenizer.decode(continuation),
    }
    write_columns(args.scores, evaluation.score_columns(texts, readings))
    write_json(args.metrics, metrics)
    recorded = {**place, **written, "evaluate": asdict(evaluate)}
    step.write(args.manifest, "generation", [args.scores, args.metrics], recorded)


def continue_passage(model: Any, prompt: list[int], args: argparse.Namespace) -> list[int]:
    """Continue the fixed passage with the decoder of the synthetic text; return the new tokens."""
    tokens, _ = decode(
        args.engine,
        args.decoder,
        model,
        torch.tensor([prompt]),
        new_tokens=args.new_tokens,
        **decoder.own_options(args) | {"batch_blocks": 1},
        **decoder.drawing(args, "passage"),
    )
    return tokens[0].tolist()
