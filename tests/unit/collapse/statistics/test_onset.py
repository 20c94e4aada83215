import math

import numpy as np

from collapse.statistics.onset import onset, ranks


def ends(values):
    """Return least and greatest seed: an interval that a reader can check by eye."""
    return values.min(), values.max()


def test_the_mean_over_seeds_has_to_leave_the_interval_of_generation_0():
    # means 2, 3, 3.5, 5; the interval is 1 to 3, and 3 is within it
    found = onset(np.array([[1.0, 1, 3, 4], [3, 5, 4, 6]]), ends)
    assert (found.seeds, found.mean, found.low, found.high) == (2, 2, 1, 3)
    assert (found.onset, found.direction, found.lasting) == (2, "rise", 2)
    assert found.departure == 1.5  # 3.5 less 2, in half widths of 1


def test_a_fall_is_an_onset_too():
    found = onset(np.array([[1.0, 0], [3, 1]]), ends)
    assert (found.onset, found.direction, found.lasting) == (1, "fall", 1)


def test_the_first_exit_and_the_lasting_one():
    def means(*later):
        return np.array([[1.0, *later], [3, *later]])

    found = onset(means(9, 2, 9, 9), ends)
    assert (found.onset, found.lasting) == (1, 3)
    found = onset(means(9, 9, 2), ends)
    assert (found.onset, found.lasting) == (1, None)
    found = onset(means(9, 0, 9), ends)  # through the interval to the other side and back
    assert (found.onset, found.lasting) == (1, 3)
    found = onset(means(9, np.nan, 9), ends)
    assert (found.onset, found.lasting) == (1, 1)


def test_what_stays_has_no_onset():
    found = onset(np.array([[1.0, 2, 2], [3, 2, 3]]), ends)
    assert (found.onset, found.direction, found.lasting) == (None, "", None)


def test_without_an_interval_there_is_no_onset():
    single = onset(np.array([[1.0, 9]]), ends)
    assert single.onset is None and math.isnan(single.low)
    assert onset(np.array([[1.0, 9], [1, 9]]), ends).onset is None  # seeds that agree say nothing of chance
    assert onset(np.array([[np.nan, 9], [1, 9]]), ends).seeds == 1


def test_ties_share_the_better_place():
    assert ranks([3, 1, None, 1, 2]) == [4, 1, None, 1, 3]
