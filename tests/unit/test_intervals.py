import math

import numpy as np

from collapse.intervals import interval


def test_it_is_reproducible_and_holds_the_mean():
    values = np.array([1.0, 2.0, 4.0])
    low, high = interval(values, 0.95, 999, seed=1)
    assert (low, high) == interval(values, 0.95, 999, seed=1)
    assert 1 <= low < values.mean() < high <= 4


def test_its_width_is_that_of_a_normal_sample():
    values = np.random.default_rng(0).normal(size=400)
    low, high = interval(values, 0.95, 4000, seed=1)
    assert abs((high - low) / 2 - 1.96 / math.sqrt(400)) < 0.02


def test_one_seed_has_no_interval():
    assert all(math.isnan(end) for end in interval(np.array([3.0]), 0.95, 99, seed=1))
