"""All measures of one generation: its model on human test text, and its text alone and beside human text.

A measure is a pure function in a module of this folder; `metrics` calls it and gives the result its name. To add a
measure: write the function, then call it in `metrics`. A number that it takes from the configuration is a field of
`Evaluate` in options.py. `collapse.measures.registry` declares what tables do with a measure beyond its value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from collapse.measures.divergence import kl_divergence, novel_share, total_variation
from collapse.measures.diversity import (
    compression_ratio,
    distinct_ngrams,
    identical_blocks,
    repeated_ngrams,
    unigram_entropy,
    vocabulary_coverage,
)
from collapse.measures.mauve import mauve
from collapse.measures.modes import mode_accuracy, stretches
from collapse.measures.ngrams import ngram_counts
from collapse.measures.options import Evaluate
from collapse.measures.perplexity import losses_and_states, mean_states, perplexity, token_losses
from collapse.measures.self_bleu import self_bleu
from collapse.measures.tails import frequency_groups, least_likely, loss_by_group, mean_loss, recall_by_group
from collapse.measures.vendi import vendi_score
from collapse.measures.zipf import hapax_share, missing_mass, zipf_exponent
from collapse.models.interfaces import Reader
from collapse.seeds import derive_seed

Value = float | int | None


@dataclass(frozen=True)
class Texts:
    """Blocks of token ids, int32, and the token that ends a document."""

    human: np.ndarray  # (blocks, tokens): the training text
    test: np.ndarray  # (test blocks, tokens), human
    synthetic: np.ndarray  # (blocks, tokens): row i continues human block i
    end_of_text: int


@dataclass(frozen=True)
class Readings:
    """Token losses in nats and mean hidden states, float32, of the texts under two models.

    `first` is generation 0's model of the same chain. Losses are (blocks, tokens − 1), states (blocks, width).
    """

    test_losses: np.ndarray
    own_losses: np.ndarray  # of the synthetic text under the model that wrote it
    first_test_losses: np.ndarray
    first_losses: np.ndarray  # of the synthetic text
    sample: np.ndarray  # (sample,): rows that costly measures look at
    states: np.ndarray  # (sample, width): of the synthetic text, under `first`
    human_states: np.ndarray  # (sample, width): of the human text, under `first`


def read(model: Reader, first: Reader, texts: Texts, options: Evaluate, *, batch_blocks: int, seed: int) -> Readings:
    """Score the texts with both models, `batch_blocks` blocks at a time; for generation 0 `first` is `model` itself."""
    human, test, synthetic = (torch.from_numpy(one).long() for one in (texts.human, texts.test, texts.synthetic))
    sample = sampled(len(human), options.sample_blocks, seed)
    test_losses = token_losses(model, test, batch_blocks)
    first_losses, states = losses_and_states(first, synthetic, batch_blocks)
    return Readings(
        test_losses=test_losses,
        own_losses=first_losses if first is model else token_losses(model, synthetic, batch_blocks),
        first_test_losses=test_losses if first is model else token_losses(first, test, batch_blocks),
        first_losses=first_losses,
        sample=sample,
        states=states[sample],
        human_states=mean_states(first, human[sample], batch_blocks),
    )


def sampled(blocks: int, most: int, seed: int) -> np.ndarray:
    """Rows, in order, of the blocks that costly measures look at: all rows, or `most` of them, (rows,).

    The seed names no generation. So every generation is measured on the same rows, and a difference between
    generations is not one of the draw.
    """
    if blocks <= most:
        return np.arange(blocks)
    draw = np.random.default_rng(derive_seed(seed, "sample of blocks"))
    return np.sort(draw.choice(blocks, most, replace=False))


def metrics(
    texts: Texts,
    readings: Readings,
    options: Evaluate,
    *,
    decode: Callable[[list[int]], str],
    vocabulary_size: int,
    seed: int,
) -> dict[str, Value]:
    """Every measure by its name in metrics.json; None where a measure has no value.

    `decode` gives the text of a block's token ids. Names: perplexities have no unit; losses and entropies are in nats a
    token; shares, accuracies and divergences of shares lie in 0 … 1; KL divergences are in nats. ValueError for a
    synthetic text without a word or with fewer than two blocks.
    """
    end, human, synthetic = texts.end_of_text, texts.human, texts.synthetic
    scored = texts.test[:, 1:] != end
    # synthetic text holds no end of text: counted among the tokens it would pass for a loss of common ones
    human_tokens = human[human != end]
    losses, targets = readings.test_losses[scored], texts.test[:, 1:][scored]
    groups = options.frequency_groups
    group, half = (frequency_groups(human_tokens, vocabulary_size, count) for count in (groups, 2))
    rare, common = loss_by_group(losses, targets, half, 2)
    minority = least_likely(readings.first_test_losses, scored, options.minority_share)
    centre = readings.human_states.mean(0)  # all states point one way: only about this do cosines tell blocks apart
    human_states, states = readings.human_states - centre, readings.states - centre
    mode = stretches(readings.sample, len(human), options.modes)
    found = {
        "test_perplexity": perplexity(readings.test_losses),
        "test_perplexity_without_end_of_text": perplexity(losses),
        "test_tokens": int(readings.test_losses.size),
        "synthetic_perplexity": perplexity(readings.own_losses),
        "synthetic_perplexity_under_generation0": perplexity(readings.first_losses),
        **_numbered("test_loss_group", loss_by_group(losses, targets, group, groups)),
        "test_loss_rare_half": rare,
        "test_loss_common_half": common,
        "test_loss_minority": mean_loss(readings.test_losses, scored, minority),
        "test_loss_majority": mean_loss(readings.test_losses, scored, ~minority),
        **_numbered("recall_group", recall_by_group(human_tokens, synthetic, group, groups)),
        **{f"distinct_{n}": distinct_ngrams(synthetic, n) for n in (1, 2, 3, 4)},
        "repeated_ngrams": repeated_ngrams(synthetic, options.repeated_ngram_tokens),
        "unigram_entropy": unigram_entropy(synthetic),
        "vocabulary_coverage": vocabulary_coverage(synthetic, human_tokens),
        "identical_blocks": identical_blocks(synthetic),
        "mauve": mauve(readings.human_states, readings.states, derive_seed(seed, "mauve")),
        **against_human(human, synthetic, end),
        **variety(synthetic, readings.sample, states, _lines(synthetic, decode), end),
        "mode_accuracy": mode_accuracy(human_states, states, mode),
        "human_mode_accuracy": mode_accuracy(human_states, human_states, mode, leave_one_out=True),
    }
    human_variety = variety(human, readings.sample, human_states, _lines(human, decode), end)
    return found | {f"human_{name}": value for name, value in human_variety.items()}


def variety(
    blocks: np.ndarray, sample: np.ndarray, states: np.ndarray, text: str, end_of_text: int
) -> dict[str, Value]:
    """How varied blocks (blocks, tokens) are, without the token `end_of_text`.

    `sample` holds the rows that self-BLEU looks at; `states` (sample, width) are those of the same rows, about their
    centre; `text` is all blocks decoded.
    """
    counts = np.bincount(blocks[blocks != end_of_text])
    return {
        "self_bleu": self_bleu(blocks[sample], without=end_of_text),
        "vendi_score": vendi_score(states),
        "compression_ratio": compression_ratio(text),
        "zipf_exponent": zipf_exponent(counts),
        "hapax_share": hapax_share(counts),
        "missing_mass": missing_mass(counts),
    }


def against_human(human: np.ndarray, synthetic: np.ndarray, end_of_text: int) -> dict[str, Value]:
    """How far the n-grams of synthetic blocks (blocks, tokens) are from human n-grams, without `end_of_text`."""
    counts = {n: ngram_counts(human, synthetic, n, without=end_of_text) for n in (1, 2, 3, 4)}
    return {
        **{f"kl_divergence_{n}": kl_divergence(*counts[n]) for n in (1, 2)},
        **{f"total_variation_{n}": total_variation(*counts[n]) for n in (1, 2)},
        **{f"novel_{n}": novel_share(*both) for n, both in counts.items()},
    }


def score_columns(texts: Texts, readings: Readings) -> dict[str, Any]:
    """Columns of scores.parquet, a row for every test block and then for every synthetic block.

    `loss` is a block's negative log-likelihood in nats, summed over `tokens` targets, under the generation's own model.
    Only test blocks have the columns without end-of-text targets, only synthetic blocks `loss_under_generation0`.
    """
    test, own = readings.test_losses, readings.own_losses
    scored = texts.test[:, 1:] != texts.end_of_text
    nothing = len(own) * [None]
    return {
        "text": ["test"] * len(test) + ["synthetic"] * len(own),
        "block": np.array([*range(len(test)), *range(len(own))], dtype=np.int32),
        "tokens": np.array([test.shape[1]] * len(test) + [own.shape[1]] * len(own), dtype=np.int32),
        "loss": np.concatenate([test.sum(1, dtype=np.float64), own.sum(1, dtype=np.float64)]),
        "tokens_without_end_of_text": [*scored.sum(1).tolist(), *nothing],
        "loss_without_end_of_text": [*(test * scored).sum(1, dtype=np.float64).tolist(), *nothing],
        "loss_under_generation0": [*len(test) * [None], *readings.first_losses.sum(1, dtype=np.float64).tolist()],
    }


def _numbered(name: str, values: list[float | None]) -> dict[str, Value]:
    """One measure a group, counted from 1, the rarest."""
    return {f"{name}{index}": value for index, value in enumerate(values, start=1)}


def _lines(blocks: np.ndarray, decode: Callable[[list[int]], str]) -> str:
    """A line a block."""
    return "\n".join(decode(block) for block in blocks.tolist())
