import numpy as np
import pytest

from collapse.tails import frequency_groups, loss_by_group


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
