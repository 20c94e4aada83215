import numpy as np
import pytest

from collapse.statistics.trajectories import change, difference, tabulate, trajectory

ROWS = [("a", 7, 0, "ppl", 1.0), ("a", 7, 1, "ppl", np.e), ("a", 8, 0, "ppl", np.e**2), ("b", 7, 0, "ppl", 5.0)]


def test_rows_are_seeds_and_columns_generations_with_nan_for_what_is_missing():
    array = trajectory(tabulate(ROWS), "a", "ppl", [7, 8], 2)
    np.testing.assert_array_equal(array, [[1, np.e], [np.e**2, np.nan]])
    assert np.isnan(trajectory(tabulate(ROWS), "a", "absent", [7, 8], 2)).all()


def test_a_logarithm_makes_nats():
    array = trajectory(tabulate(ROWS), "a", "log(ppl)", [7, 8], 2)
    np.testing.assert_allclose(array, [[0, 1], [2, np.nan]], atol=1e-12)
    np.testing.assert_allclose(change(array), [1, np.nan])


def test_a_number_without_a_logarithm_is_refused_by_name():
    with pytest.raises(ValueError, match=r"log\(share\): a has 0, which has no logarithm; name share itself"):
        trajectory(tabulate([("a", 1, 0, "share", 0.0)]), "a", "log(share)", [1], 1)


def test_a_difference_is_seed_by_seed_and_generation_by_generation():
    values = tabulate([*ROWS, ("a", 7, 0, "other", 3.0), ("a", 7, 1, "other", 1.0)])
    array = difference(values, "a", "ppl", "other", [7, 8], 2)
    np.testing.assert_array_equal(array, [[-2, np.e - 1], [np.nan, np.nan]])
    alone = difference(values, "a", "ppl", None, [7, 8], 2)
    np.testing.assert_array_equal(alone, trajectory(values, "a", "ppl", [7, 8], 2))
