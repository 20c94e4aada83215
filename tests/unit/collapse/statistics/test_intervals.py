import math

import numpy as np
import pytest

from collapse.statistics.intervals import interval, interval_of_kind, student_interval


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


def test_students_interval_of_three_seeds_is_that_of_the_tables():
    # mean 2, standard deviation 1, t with 2 degrees of freedom 4.302653: 2 ± 4.302653 / √3
    assert student_interval(np.array([1.0, 2.0, 3.0]), 0.95) == pytest.approx((2 - 2.484138, 2 + 2.484138), abs=1e-6)
    assert student_interval(np.array([1.0, 2.0, 3.0]), 0.5) == pytest.approx((2 - 0.471405, 2 + 0.471405), abs=1e-6)


def test_students_interval_of_equal_or_single_values():
    assert student_interval(np.full(3, 0.05), 0.95) == (0.05, 0.05)
    assert all(math.isnan(end) for end in student_interval(np.array([1.0]), 0.95))


def test_the_kind_of_interval_is_the_one_that_is_named():
    values = np.array([1.0, 2.0, 4.0])
    assert interval_of_kind("student", values, 0.95, 99, seed=1) == student_interval(values, 0.95)
    assert interval_of_kind("bootstrap", values, 0.95, 99, seed=1) == interval(values, 0.95, 99, seed=1)
    with pytest.raises(ValueError, match="normal: unknown"):
        interval_of_kind("normal", values, 0.95, 99, seed=1)
