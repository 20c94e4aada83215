import numpy as np

from collapse.measures.modes import mode_accuracy, stretches

MODE = np.array([0, 0, 1, 1])
HUMAN = np.array([[2.0, 0], [1, 0.1], [0, 1], [-0.1, 3]])  # two directions, two rows of each


def test_a_text_is_cut_into_stretches_of_equal_length():
    assert stretches(np.arange(8), 8, 4).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert stretches(np.array([1, 5, 9]), 10, 2).tolist() == [0, 1, 1]  # rows of a sample


def test_the_share_that_stays_with_its_mode():
    assert mode_accuracy(HUMAN, HUMAN * 5, MODE) == 1  # length does not matter
    assert mode_accuracy(HUMAN, HUMAN[[2, 3, 0, 1]], MODE) == 0  # changed places
    assert mode_accuracy(HUMAN, np.ones((4, 2)) * [1, 0.2], MODE) == 0.5  # all alike: one mode is left


def test_a_human_block_does_not_vouch_for_itself():
    human = np.array([[1.0, 0], [1, 0], [1, 1], [-0.5, 1]])
    assert mode_accuracy(human, human, MODE) == 1  # row 2: cosine .71 to the first mode, .81 to its own with itself in
    assert mode_accuracy(human, human, MODE, leave_one_out=True) == 0.75  # and .32 to what is left without it
