import math

import numpy as np
import pytest

from collapse.statistics.comparisons import compare, corrected, holm, pairs, sign_flip


def test_three_pairs_of_one_sign_reach_the_least_p_of_a_quarter():
    # 8 sets of signs, of which only the one seen has so large a mean: 1/8, doubled
    assert sign_flip(np.array([1.0, 2.0, 3.0]), 9999, 0) == (0.25, 0.25, True)
    assert sign_flip(np.array([-1.0, -2.0, -3.0]), 9999, 0) == (0.25, 0.25, True)


def test_the_p_of_four_pairs_counted_by_hand():
    # the sum is 6 of at most 8; 8, 6 and 6 are reached with no sign turned or one of the two ones: 3/16, doubled
    assert sign_flip(np.array([1.0, 2.0, 4.0, -1.0]), 9999, 0) == (0.375, 0.125, True)


def test_pairs_without_a_difference_cannot_lower_the_least_p():
    assert sign_flip(np.array([1.0, 2.0, 0.0]), 9999, 0) == (0.5, 0.5, True)
    assert sign_flip(np.zeros(3), 9999, 0) == (1, 1, True)
    assert sign_flip(np.array([3.0]), 9999, 0) == (1, 1, True)


def test_many_pairs_are_drawn_and_the_answer_is_reproducible():
    differences = np.random.default_rng(0).normal(0.2, 1, size=20)
    p, least, exact = sign_flip(differences, 999, seed=1)
    assert (p, least, exact) == sign_flip(differences, 999, seed=1)
    assert not exact and least == pytest.approx(2 / 1000)
    thorough, *_ = sign_flip(differences, 199_999, seed=2)
    assert p == pytest.approx(thorough, abs=0.06)


def test_seeds_are_pairs_and_the_difference_is_first_less_second():
    first, second = np.array([2.0, 13.0, np.nan, 25.0]), np.array([1.0, 11.0, 7.0, 22.0])
    found = compare(first, second, 0.95, 999, 9999, seed=0)
    assert (found.pairs, found.difference, found.p) == (3, 2.0, 0.25)  # unpaired, the spread of seeds would hide it
    assert (found.first_mean, found.second_mean) == pytest.approx((40 / 3, 34 / 3))
    assert 1 <= found.low < 2 < found.high <= 3
    assert compare(second, first, 0.95, 999, 9999, seed=0).difference == -2


def test_no_pair_is_no_test():
    found = compare(np.array([np.nan, 1.0]), np.array([1.0, np.nan]), 0.95, 99, 99, seed=0)
    assert found.pairs == 0 and math.isnan(found.p) and found.exact is None


def test_holm_by_hand():
    # 3 · 0.01; 2 · 0.03; 1 · 0.04, which may not be less than the one before it
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.6]) == [1, 1]


def test_what_was_not_tested_is_not_of_the_family():
    adjusted = holm([math.nan, 0.02, 0.01])
    assert math.isnan(adjusted[0]) and adjusted[1:] == pytest.approx([0.02, 0.02])


def test_the_reference_is_second_in_every_pair():
    assert pairs(["a", "b", "c"], None) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert pairs(["a", "b", "c"], "b") == [("a", "b"), ("c", "b")]


def test_the_family_is_all_tests_of_the_table():
    nan = float("nan")
    rows = [{"p": 0.01, "least_p": 0.01}, {"p": nan, "least_p": nan}, {"p": 0.04, "least_p": 0.25}]
    found = corrected(rows)
    assert [row["tests"] for row in found] == [2, 2, 2]
    assert [row["p_holm"] for row in found] == pytest.approx([0.02, nan, 0.04], nan_ok=True)
    assert [row["least_p_holm"] for row in found] == pytest.approx([0.02, nan, 0.5], nan_ok=True)
