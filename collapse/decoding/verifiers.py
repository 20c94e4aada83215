"""Verifiers: of several candidates for each block, which one is kept (Feng et al., arXiv:2406.07515).

A verifier is a function of candidates (rows, tokens) and a `Reference`; it returns a score a row, (rows,), the higher
the better. Scores are compared among the candidates of one block alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from collapse.corpus.blocks import evenly_spaced
from collapse.measures.ngrams import repeated_shares
from collapse.measures.perplexity import token_losses
from collapse.models.interfaces import Reader

if TYPE_CHECKING:
    from collapse.decoding.authorship import Judge

EXAMPLES = 256  # of each kind, at most, that a judge learns from


@dataclass(frozen=True)
class Reference:
    """What a verifier knows: a model trained on human text alone, and human blocks (blocks, tokens).

    It was trained on `human` and not on `held_out`.

    `continued` gives what that model writes after the human blocks of some rows, (rows, tokens); `end_of_text` is a
    token that human blocks alone hold.
    """

    model: Reader
    human: np.ndarray
    held_out: np.ndarray
    batch_blocks: int
    continued: Callable[[np.ndarray], np.ndarray]
    end_of_text: int

    def losses(self, blocks: np.ndarray) -> np.ndarray:
        """Mean negative log-likelihood in nats of each block's tokens under the model, (blocks,)."""
        return token_losses(self.model, torch.from_numpy(blocks).long(), self.batch_blocks).mean(1, dtype=np.float64)

    @cached_property
    def human_loss(self) -> float:
        return float(self.losses(self.held_out).mean())

    @cached_property
    def judge(self) -> "Judge":
        from collapse.decoding.authorship import Judge  # brings scikit-learn, which the others do without

        rows = evenly_spaced(len(self.human), EXAMPLES)
        return Judge(self.human[rows], self.continued(rows), self.end_of_text)


def likely(candidates: np.ndarray, reference: Reference) -> np.ndarray:
    """The least perplexity under the reference model: what prunes the tail."""
    return -reference.losses(candidates)


def typical(candidates: np.ndarray, reference: Reference) -> np.ndarray:
    """The loss under the reference model that is nearest to the mean of held-out human blocks: no loops, no nonsense.

    What the model was trained on is no yardstick: it is less surprising than all that the model writes, so that this
    would keep what `likely` keeps.
    """
    return -abs(reference.losses(candidates) - reference.human_loss)


def unrepetitive(candidates: np.ndarray, reference: Reference) -> np.ndarray:
    """The fewest 4-grams that a block holds already."""
    return -repeated_shares(candidates, 4)


def humanlike(candidates: np.ndarray, reference: Reference) -> np.ndarray:
    """The likeliest to be human, by a classifier of human blocks and of what the reference model writes."""
    return reference.judge.log_odds(candidates)


VERIFIERS: dict[str, Callable[[np.ndarray, Reference], np.ndarray]] = {
    "likely": likely,
    "typical": typical,
    "unrepetitive": unrepetitive,
    "humanlike": humanlike,
}
LEARNED = ("humanlike",)  # by `Reference.judge`, whose accuracy says how good it is


def kept(scores: np.ndarray, noise: float, seed: int, streams: np.ndarray) -> np.ndarray:
    """Which candidate of each block is kept, (blocks,), by scores (blocks, candidates); the first among equals.

    A verifier that errs: scores, standardised within their block, plus `noise` times normal numbers from the block's
    own stream (blocks,). 0 is the verifier itself; a large number is a choice at random.
    """
    spread = scores.std(1, keepdims=True)
    scores = (scores - scores.mean(1, keepdims=True)) / np.where(spread > 0, spread, 1)
    if noise:
        drawn = [
            np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, int(stream)])).standard_normal(
                scores.shape[1]
            )
            for stream in streams
        ]
        scores = scores + noise * np.array(drawn).reshape(scores.shape)
    return scores.argmax(1)
