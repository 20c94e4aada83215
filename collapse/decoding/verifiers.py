"""Verifiers: which of several candidates is kept for each block (Feng et al., arXiv:2406.07515).

Each name of the option `verifier` (options.py) is a function here. It takes candidates (rows, tokens) and a `Reference`
and returns a score for each row, (rows,): the higher, the better. Scores are compared within one block only.
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

EXAMPLES = 256  # most human blocks, and most machine blocks, to train a judge on


@dataclass(frozen=True)
class Reference:
    """Knowledge of a verifier: a model that was trained on human text, and human blocks (blocks, tokens).

    The model was trained on `human` and not on `held_out`. `continued` returns the model's continuations (rows, tokens)
    of the given rows of `human`. Only human blocks hold `end_of_text`.
    """

    model: Reader
    human: np.ndarray
    held_out: np.ndarray
    batch_blocks: int
    continued: Callable[[np.ndarray], np.ndarray]
    end_of_text: int

    def losses(self, blocks: np.ndarray) -> np.ndarray:
        """Mean negative log-likelihood of each block under the model, in nats a token: (blocks,)."""
        losses = token_losses(self.model, torch.from_numpy(blocks).long(), self.batch_blocks)
        return np.asarray(losses.mean(1, dtype=np.float64))

    @cached_property
    def human_loss(self) -> float:
        """Mean loss of the held-out human blocks, in nats a token."""
        return float(self.losses(self.held_out).mean())

    @cached_property
    def judge(self) -> "Judge":
        """Classifier of human text and of text of the model."""
        from collapse.decoding.authorship import Judge  # imports scikit-learn, which only this verifier needs

        rows = evenly_spaced(len(self.human), EXAMPLES)
        return Judge(self.human[rows], self.continued(rows), self.end_of_text)


def likely(candidates: np.ndarray, reference: Reference) -> np.ndarray:
    """Prefer the least perplexity under the reference model. This cuts off the tail."""
    return -reference.losses(candidates)


def typical(candidates: np.ndarray, reference: Reference) -> np.ndarray:
    """Prefer the loss under the reference model that is nearest to the mean loss of held-out human blocks.

    Training blocks would be a wrong measure: their loss is lower than that of all text that the model writes, so this
    verifier would agree with `likely`.
    """
    return -abs(reference.losses(candidates) - reference.human_loss)


def unrepetitive(candidates: np.ndarray, reference: Reference) -> np.ndarray:
    """Prefer the fewest repeated 4-grams in a block."""
    return -repeated_shares(candidates, 4)


def humanlike(candidates: np.ndarray, reference: Reference) -> np.ndarray:
    """Prefer the block that is most likely human, by a classifier of human text and text of the reference model."""
    return reference.judge.log_odds(candidates)


def kept(scores: np.ndarray, noise: float, seed: int, streams: np.ndarray) -> np.ndarray:
    """Choose one candidate of each block, (blocks,), by scores (blocks, candidates); the first of equal scores.

    `noise` models a verifier that errs: scores are standardised within their block, then normal numbers times `noise`
    are added, from the block's own stream in `streams` (blocks,). Noise 0 is the verifier itself; large noise is a
    random choice.
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
    return np.asarray(scores.argmax(1))
