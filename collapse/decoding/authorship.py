"""A classifier of human and machine blocks: logistic regression on the presence of token 1-, 2- and 3-grams.

Presence classifies better than counts: docs/log.md has the numbers.
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
    """Classifier trained on human and machine blocks, (blocks, tokens) each; row i of `machine` continues human row i.

    `accuracy` is the share of correctly classified blocks in 5-fold cross-validation; 0.5 is chance. A fold holds
    neighbouring rows with their continuations, because these have words in common.
    """

    def __init__(self, human: np.ndarray, machine: np.ndarray, end_of_text: int) -> None:
        blocks, by_human = np.concatenate([human, machine]), np.repeat([True, False], len(human))
        analyzer = partial(ngrams, without=end_of_text)
        part = np.arange(len(human)) * min(PARTS, len(human)) // len(human)
        # dual coordinate descent uses no BLAS: its sums are the same with any number of threads
        regression = LogisticRegression(solver="liblinear", dual=True, max_iter=10_000, random_state=0)
        self._model = make_pipeline(CountVectorizer(analyzer=analyzer, binary=True), regression)
        predicted = cross_val_predict(self._model, blocks, by_human, cv=PredefinedSplit(np.tile(part, 2)))
        self.accuracy = float((predicted == by_human).mean())
        self._model.fit(blocks, by_human)

    def log_odds(self, blocks: np.ndarray) -> np.ndarray:
        """Log-odds, in nats, that a human wrote each of blocks (blocks, tokens): (blocks,). Blocks are independent."""
        return np.asarray(self._model.decision_function(blocks))


def ngrams(block: np.ndarray, without: int) -> list[tuple[int, ...]]:
    """List the n-grams of a block (tokens,) that do not hold end of text. Models never write it: it is no evidence."""
    tokens = block.tolist()
    runs = (zip(*(tokens[first:] for first in range(length)), strict=False) for length in range(1, LONGEST + 1))
    return [run for same_length in runs for run in same_length if without not in run]
