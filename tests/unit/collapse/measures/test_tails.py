import numpy as np
import pytest

from collapse.measures.tails import frequency_groups, least_likely, loss_by_group, mean_loss, recall_by_group


def test_groups_hold_equal_shares_of_running_text():
    human = np.array([[0] * 50 + [1] * 25 + [2] * 13 + [3] * 12])
    assert frequency_groups(human, 6, 2).tolist() == [1, 0, 0, 0, 0, 0]  # half the text is token 0
    assert frequency_groups(human, 6, 4).tolist() == [3, 1, 0, 0, 0, 0]


def test_types_that_never_occur_are_in_the_tail():
    group = frequency_groups(np.array([[5, 5, 5, 7]]), 10, 10)
    assert group[0] == 0
    assert group[5] > group[7] > 0


def test_the_loss_of_a_group_is_that_of_its_targets():
    losses = np.array([[1.0, 2.0], [3.0, 5.0]])
    targets = np.array([[0, 1], [1, 2]])
    assert loss_by_group(losses, targets, np.array([0, 1, 1]), 3) == [1.0, pytest.approx(10 / 3), None]


def test_recall_is_of_the_human_types_of_a_group():
    human, synthetic = np.array([0, 0, 1, 2, 3]), np.array([[1, 1], [4, 5]])
    group = np.array([2, 0, 0, 0, 0, 0, 1])  # 4 and 5 are no human types, 6 occurs nowhere
    assert recall_by_group(human, synthetic, group, 3) == [pytest.approx(1 / 3), None, 0]


def test_least_likely_blocks_are_those_of_highest_mean_loss():
    losses = np.array([[1.0, 9.0], [4.0, 4.0], [5.0, 1.0], [2.0, 2.0]])
    scored = np.array([[True, False], [True, True], [True, True], [True, True]])
    assert least_likely(losses, scored, 0.5).tolist() == [False, True, True, False]  # means 1, 4, 3, 2
    assert least_likely(losses, scored, 0.01).tolist() == [False, True, False, False]


def test_mean_loss_counts_targets_and_not_blocks():
    losses, scored = np.array([[1.0, 9.0], [4.0, 5.0], [7.0, 7.0]]), np.array([[True, False], [True, True], [True] * 2])
    assert mean_loss(losses, scored, np.array([True, True, False])) == pytest.approx(10 / 3)
    assert mean_loss(losses, scored, np.zeros(3, dtype=bool)) is None
