"""A judge learns what can be learned, its accuracy holds on new blocks, and it scores blocks independently."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.decoding.authorship import Judge, ngrams

DRAWS = np.random.default_rng(0)
HUMAN, ALIKE = DRAWS.integers(4, 40, (2, 100, 16))
LOOPS = np.tile(DRAWS.integers(4, 40, (100, 2)), 8)  # its tokens are as frequent as in human text


def test_ngrams_of_a_block_leave_out_end_of_text():
    runs = [(5,), (6,), (7,), (8,), (6, 7), (7, 8), (6, 7, 8)]
    assert ngrams(np.array([5, END_OF_TEXT, 6, 7, 8]), END_OF_TEXT) == runs


def test_what_can_be_told_is_told_and_what_cannot_is_not():
    judge = Judge(HUMAN, LOOPS, END_OF_TEXT)
    assert judge.accuracy == 1
    new = np.random.default_rng(1)
    assert (judge.log_odds(new.integers(4, 40, (20, 16))) > 0).all()
    assert (judge.log_odds(np.tile(new.integers(4, 40, (20, 2)), 8)) < 0).all()
    # although it classifies its training blocks correctly
    assert abs(Judge(HUMAN, ALIKE, END_OF_TEXT).accuracy - 0.5) < 4 * (0.25 / 200) ** 0.5


@pytest.mark.parametrize("blocks", [2, 7, 99])
def test_a_block_and_its_continuation_are_left_out_together(blocks):
    """For a model that copies, the accuracy is chance. A judge that had learned the copy would always be wrong."""
    assert Judge(HUMAN[:blocks], HUMAN[:blocks], END_OF_TEXT).accuracy == 0.5


def test_a_score_is_of_the_block_alone_and_the_same_again():
    judge = Judge(HUMAN, ALIKE, END_OF_TEXT)
    whole = judge.log_odds(ALIKE)
    assert (judge.log_odds(ALIKE[30:31]) == whole[30]).all()
    assert (Judge(HUMAN, ALIKE, END_OF_TEXT).log_odds(ALIKE) == whole).all()


def test_the_number_of_threads_moves_nothing():
    blocks = np.random.default_rng(0).integers(4, 3000, (2, 200, 32))
    found = []
    for threads in (1, 4):
        with threadpool_limits(threads):
            found.append(Judge(*blocks, END_OF_TEXT).log_odds(blocks[1]).tobytes())
    assert found[0] == found[1]
