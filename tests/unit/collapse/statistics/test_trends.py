import math

import numpy as np
import pytest

from collapse.statistics.trends import page, theil_sen, trend


def test_one_odd_generation_makes_no_slope():
    # of ten pairs six have slope 1, so their median is 1; least squares would say 8.2
    assert theil_sen(np.array([[0.0, 1, 2, 3, 40]])).tolist() == [1]


def test_a_slope_may_begin_late_and_needs_three_values():
    assert theil_sen(np.array([[9.0, 9, 1, 3, 5]]), first=2).tolist() == [2]
    found = theil_sen(np.array([[0.0, np.nan, 4, 6], [1, np.nan, np.nan, 2]]))
    assert found[0] == 2 and math.isnan(found[1])


def test_pages_test_by_hand():
    # both seeds in the one order of six that is foretold: 1/36, doubled; whichever way they go
    rising = np.array([[1.0, 2, 3], [10, 20, 30]])
    assert page(rising) == page(-rising) == pytest.approx(2 / 36)
    assert page(np.array([[1.0, 2, 3], [3, 2, 1]])) == 1
    assert math.isnan(page(rising[:1]))


def test_each_seed_is_one_replicate():
    found = trend(np.array([[0.0, 1, 2, 3], [0, 2, 4, 6], [5, 8, 11, 14]]), 0.95, 999, 9999, seed=0)
    assert (found.seeds, found.slope, found.tau) == (3, 2, 1)
    assert (found.p, found.least_p) == (0.25, 0.25)  # however many generations there are
    assert 1 <= found.low < 2 < found.high <= 3
    falling = trend(-np.array([[0.0, 1, 2, 3], [0, 2, 4, 6]]), 0.95, 999, 9999, seed=0)
    assert (falling.slope, falling.tau, falling.p) == (-1.5, -1, 0.5)


def test_a_constant_has_no_trend_and_nothing_has_no_number():
    constant = trend(np.ones((2, 4)), 0.95, 99, 99, seed=0)
    assert (constant.slope, constant.tau, constant.p, constant.page_p) == (0, 0, 1, 1)
    nothing = trend(np.full((2, 4), np.nan), 0.95, 99, 99, seed=0)
    assert nothing.seeds == 0 and math.isnan(nothing.slope) and math.isnan(nothing.p)
