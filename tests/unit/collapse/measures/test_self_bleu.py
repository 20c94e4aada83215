import numpy as np
import pytest

from collapse.measures.self_bleu import self_bleu


def test_precisions_of_one_to_four_grams_are_averaged_geometrically():
    blocks = np.array([[1, 2, 3, 4], [1, 2, 3, 5]])
    assert self_bleu(blocks) == pytest.approx((3 / 4 * 2 / 3 * 1 / 2 * 0.1) ** (1 / 4))


def test_matches_are_clipped_by_the_most_in_any_one_other_block():
    blocks = np.array([[7, 7, 7, 7], [7, 7, 1, 2], [7, 3, 4, 5]])
    first = second = (2 / 4 * 1 / 3 * 0.1 / 2 * 0.1) ** (1 / 4)  # two sevens of the other, and not three of both
    third = (1 / 4 * 0.1 / 3 * 0.1 / 2 * 0.1) ** (1 / 4)
    assert self_bleu(blocks) == pytest.approx((first + second + third) / 3)


def test_equal_blocks():
    assert self_bleu(np.array([[1, 2, 3, 4, 5]] * 3)) == pytest.approx(1)


def test_ngrams_that_hold_end_of_text_are_left_out():
    blocks = np.array([[1, 2, 3, 4, 0], [1, 2, 3, 4, 9]])
    first = 1  # all that is left of it stands in the other
    second = (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** (1 / 4)
    assert self_bleu(blocks, without=0) == pytest.approx((first + second) / 2)


def test_one_block_has_no_others():
    with pytest.raises(ValueError, match="needs two or more"):
        self_bleu(np.array([[1, 2, 3, 4]]))
