"""A judge of who wrote a block, human or model: logistic regression on the 1-, 2- and 3-grams of tokens that it holds.

That an n-gram is there tells more than how often it is: docs/log.md has the numbers.
"""

from functools import partial

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline

LONGEST = 3
PARTS = 5


class Judge:
    """Learns from human and machine blocks, (blocks, tokens) each: row by row, a human block and what continues it.

    `accuracy` is the share of blocks that are told rightly by judges that learn from the other four fifths; 0.5 is
    chance. A fifth is of successive rows, since neighbours and continuations have words in common.
    """

    def __init__(self, human: np.ndarray, machine: np.ndarray, end_of_text: int) -> None:
        blocks, by_human = np.concatenate([human, machine]), np.repeat([True, False], len(human))
        held = partial(ngrams, without=end_of_text)
        part = np.arange(len(human)) * min(PARTS, len(human)) // len(human)
        # dual coordinate descent: written without BLAS, so that its sums are the same with any number of threads
        regression = LogisticRegression(solver="liblinear", dual=True, max_iter=10_000, random_state=0)
        self._model = make_pipeline(CountVectorizer(analyzer=held, binary=True), regression)
        told = cross_val_predict(self._model, blocks, by_human, cv=PredefinedSplit(np.tile(part, 2)))
        self.accuracy = float((told == by_human).mean())
        self._model.fit(blocks, by_human)

    def log_odds(self, blocks: np.ndarray) -> np.ndarray:
        """That a human wrote each of blocks (blocks, tokens), in nats, (blocks,); of each block by itself."""
        return self._model.decision_function(blocks)


def ngrams(block: np.ndarray, without: int) -> list[tuple[int, ...]]:
    """All of a block (tokens,) but those with end of text, which would give human text away: models never write it."""
    tokens = block.tolist()
    runs = (zip(*(tokens[first:] for first in range(length)), strict=False) for length in range(1, LONGEST + 1))
    return [run for same_length in runs for run in same_length if without not in run]
