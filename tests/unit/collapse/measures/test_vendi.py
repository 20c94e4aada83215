import math

import numpy as np
import pytest

from collapse.measures.vendi import vendi_score


def test_two_kinds_at_right_angles_count_as_two():
    assert vendi_score(np.array([[1, 0], [3, 0], [0, 5], [0, 2]])) == pytest.approx(2)


def test_two_vectors_of_known_cosine():
    eigenvalues = (0.8, 0.2)  # of ((1, .6), (.6, 1)) / 2
    by_hand = math.exp(-sum(one * math.log(one) for one in eigenvalues))
    assert vendi_score(np.array([[2.0, 0, 0], [0.6, 0.8, 0]])) == pytest.approx(by_hand)
    assert vendi_score(np.array([[2.0, 0], [0.6, 0.8]] * 3)) == pytest.approx(by_hand)  # more rows than columns


def test_copies_count_as_one():
    assert vendi_score(np.array([[1.0, 2, 3]] * 5)) == pytest.approx(1)
