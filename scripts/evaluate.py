"""Score one generation: human test text and its own under its model, its own under generation 0 and beside human."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from collapse.artefacts import checked_file, checked_manifest, read_blocks, write_columns, write_json, write_manifest
from collapse.decoding.registry import decode, load
from collapse.measures.diversity import (
    distinct_ngrams,
    identical_blocks,
    repeated_ngrams,
    unigram_entropy,
    vocabulary_coverage,
)
from collapse.measures.mauve import mauve
from collapse.measures.modes import mode_accuracy, stretches
from collapse.measures.options import Evaluate
from collapse.measures.perplexity import losses_and_states, mean_states, perplexity, token_losses
from collapse.measures.tails import frequency_groups, least_likely, loss_by_group, mean_loss, recall_by_group
from collapse.measures.text_measures import against_human, sampled, variety
from collapse.models import memory
from collapse.models.families import end_of_text, read_config, shape
from collapse.models.interfaces import load_reader
from collapse.seeds import derive_seed
from scripts.shared import decoder, job, options
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add_place(parser)
    job.add_owners(parser, "model", "generation0", "text")
    decoder.add_arguments(parser)
    parser.add_argument("--model", type=Path, required=True, help="folder of finetune")
    parser.add_argument("--generation0-model", type=Path, required=True, help="the same chain's generation 0")
    parser.add_argument("--synthetic", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    options.add(parser, Evaluate, "evaluate_")
    parser.add_argument("--memory-gigabytes", type=float, required=True, help="refuse what would need more")
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)
    torch.set_num_threads(args.threads)

    place = job.place(args)
    written = decoder.record(args)
    parents = [
        args.model / "manifest.json",
        args.generation0_model / "manifest.json",
        args.synthetic.with_suffix(".manifest.json"),
        args.corpus / "train.manifest.json",
        args.corpus / "test.manifest.json",
    ]
    trained = checked_manifest(parents[0], "model", job.place(args, "model"))["options"]
    checked_manifest(parents[1], "model", job.place(args, "generation0") | {"generation": 0})
    text = checked_manifest(parents[2], "synthetic text", job.place(args, "text") | written)["options"]
    checked_manifest(parents[3], "human text", {"split": "train"})
    checked_manifest(parents[4], "human text", {"split": "test"})
    human, _ = read_blocks(args.corpus / "train.parquet")
    test, _ = read_blocks(args.corpus / "test.parquet")
    synthetic, _ = read_blocks(args.synthetic)
    passage = job.read_json(args.corpus / "passage.json")
    config = read_config(args.model)
    batch_blocks = args.evaluate_batch_blocks
    needed = memory.scoring(
        shape(config), tokens=test.shape[1], batch_blocks=batch_blocks, precision=args.evaluate_precision
    )
    memory.check(needed, args.memory_gigabytes, "scoring", "text.evaluate.batch_blocks")
    precision = getattr(torch, args.evaluate_precision)
    model, first_model = (load_reader(one, precision, args.device) for one in (args.model, args.generation0_model))
    own_engine = (args.engine, args.precision) == ("collapse", args.evaluate_precision)
    writer = model if own_engine else load(args.engine, args.model, args.precision, args.device)

    with work:
        test_losses = token_losses(model, torch.from_numpy(test).long(), batch_blocks)
        own_losses = token_losses(model, torch.from_numpy(synthetic).long(), batch_blocks)
        first_losses, states = losses_and_states(first_model, torch.from_numpy(synthetic).long(), batch_blocks)
        sample = sampled(len(human), args.evaluate_sample_blocks, args.seed)
        human_states = mean_states(first_model, torch.from_numpy(human[sample]).long(), batch_blocks)
        first_test_losses = (
            test_losses
            if args.generation == 0
            else token_losses(first_model, torch.from_numpy(test).long(), batch_blocks)
        )
        continuation = continue_passage(writer, passage["input_ids"], args)

    end = end_of_text(config)
    text_targets = test[:, 1:] != end
    write_scores(args.scores, test_losses, text_targets, own_losses, first_losses)
    # synthetic text holds no end of text: counted among the tokens it would pass for a loss of common ones
    human_text = human[human != end]
    losses, targets = test_losses[text_targets], test[:, 1:][text_targets]
    group, half = (
        frequency_groups(human_text, model.vocabulary_size, count) for count in (args.evaluate_frequency_groups, 2)
    )
    by_group = loss_by_group(losses, targets, group, args.evaluate_frequency_groups)
    by_half = loss_by_group(losses, targets, half, 2)
    recall = recall_by_group(human_text, synthetic, group, args.evaluate_frequency_groups)
    minority = least_likely(first_test_losses, text_targets, args.evaluate_minority_share)
    tokenizer = Tokenizer.from_file(str(checked_file(args.tokenizer, args.tokenizer.with_name("manifest.json"))))
    centre = human_states.mean(0)  # all states point one way: only about this do cosines tell blocks apart
    about_human, about = human_states - centre, states[sample] - centre
    mode = stretches(sample, len(human), args.evaluate_modes)
    own_variety = variety(synthetic, sample, about, decoded(synthetic, tokenizer), end)
    human_variety = variety(human, sample, about_human, decoded(human, tokenizer), end)
    metrics = {
        **place,
        **{name: trained[name] for name in ("training_blocks", "training_steps", "training_tokens", "human_fraction")},
        **{f"watermark_flagged_{name}": rate for name, rate in (trained["detection"] or {}).items()},
        **({"verifier_accuracy": text["verifier_accuracy"]} if text["verifier_accuracy"] is not None else {}),
        "test_perplexity": perplexity(test_losses),
        "test_perplexity_without_end_of_text": perplexity(test_losses[text_targets]),
        "test_tokens": int(test_losses.size),
        "synthetic_perplexity": perplexity(own_losses),
        "synthetic_perplexity_under_generation0": perplexity(first_losses),
        **{f"test_loss_group{index}": loss for index, loss in enumerate(by_group, start=1)},
        "test_loss_rare_half": by_half[0],
        "test_loss_common_half": by_half[1],
        **{f"distinct_{n}": distinct_ngrams(synthetic, n) for n in (1, 2, 3, 4)},
        "repeated_ngrams": repeated_ngrams(synthetic, args.evaluate_repeated_ngram_tokens),
        "unigram_entropy": unigram_entropy(synthetic),
        "vocabulary_coverage": vocabulary_coverage(synthetic, human_text),
        "identical_blocks": identical_blocks(synthetic),
        "test_loss_minority": mean_loss(test_losses, text_targets, minority),
        "test_loss_majority": mean_loss(test_losses, text_targets, ~minority),
        **{f"recall_group{index}": share for index, share in enumerate(recall, start=1)},
        "mauve": mauve(human_states, states[sample], derive_seed(args.seed, "mauve")),
        **against_human(human, synthetic, end),
        **own_variety,
        "mode_accuracy": mode_accuracy(about_human, about, mode),
        **{f"human_{name}": value for name, value in human_variety.items()},
        "human_mode_accuracy": mode_accuracy(about_human, about_human, mode, leave_one_out=True),
        "passage": passage["text"],
        "continuation": tokenizer.decode(continuation),
    }
    write_json(args.metrics, metrics)
    write_manifest(
        args.manifest,
        kind="generation",
        files=[args.scores, args.metrics],
        parents=parents,
        code=args.code,
        options={
            **place,
            **written,
            "evaluate": options.values(args, Evaluate, "evaluate_"),
        },
    )
    work.finish()


def decoded(blocks: np.ndarray, tokenizer: Tokenizer) -> str:
    """A line a block; special tokens are left out."""
    return "\n".join(tokenizer.decode(block) for block in blocks.tolist())


def continue_passage(model: Any, prompt: list[int], args) -> list[int]:
    """The tokens that this generation writes after the fixed passage, with the decoder of its synthetic text."""
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


def write_scores(path: Path, test: np.ndarray, text_targets: np.ndarray, own: np.ndarray, first: np.ndarray) -> None:
    """A row for every block: its negative log-likelihood in nats, summed, and the number of tokens that it sums."""
    blocks = [*range(len(test)), *range(len(own))]
    totals = np.concatenate([test.sum(1, dtype=np.float64), own.sum(1, dtype=np.float64)])
    synthetic = len(own) * [None]
    write_columns(
        path,
        {
            "text": ["test"] * len(test) + ["synthetic"] * len(own),
            "block": np.array(blocks, dtype=np.int32),
            "tokens": np.array([test.shape[1]] * len(test) + [own.shape[1]] * len(own), dtype=np.int32),
            "loss": totals,
            "tokens_without_end_of_text": [*text_targets.sum(1).tolist(), *synthetic],
            "loss_without_end_of_text": [*(test * text_targets).sum(1, dtype=np.float64).tolist(), *synthetic],
            "loss_under_generation0": [*len(test) * [None], *first.sum(1, dtype=np.float64).tolist()],
        },
    )


if __name__ == "__main__":
    job.run(main)
