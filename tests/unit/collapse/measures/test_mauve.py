import numpy as np
import pytest
from scipy.integrate import quad

from collapse.measures.mauve import frontier_area, histograms, mauve


def test_equal_distributions():
    assert frontier_area(np.array([0.25, 0.75]), np.array([0.25, 0.75])) == pytest.approx(1)


def test_distributions_with_nothing_in_common():
    # x = (1 − λ)^5 and y = λ^5: ∫ y dx = 5 B(6, 5) = 1 / 252
    assert frontier_area(np.array([1.0, 0]), np.array([0, 1.0])) == pytest.approx(1 / 252, rel=0.01)


def test_distributions_that_share_one_of_two_types():
    # p = (½, ½), q = (1, 0), u = λ / 2: x = (1 − u)^5, y = (4 u (1 − u))^(5/2)
    by_hand = 1 / 32 + quad(lambda u: (4 * u * (1 - u)) ** 2.5 * 5 * (1 - u) ** 4, 0, 0.5)[0]
    assert frontier_area(np.array([0.5, 0.5]), np.array([1, 0])) == pytest.approx(by_hand, rel=1e-3)
    assert frontier_area(np.array([1, 0]), np.array([0.5, 0.5])) == pytest.approx(by_hand, rel=1e-3)


def states(first: int, second: int) -> np.ndarray:
    """Draw rows in two directions and of many lengths."""
    draw = np.random.default_rng(first)
    directions = np.array([[1.0, 0, 1]] * first + [[0, 1.0, 1]] * second)
    return directions * draw.uniform(1, 9, (len(directions), 1)) + draw.normal(0, 0.01, directions.shape)


def test_histograms_are_shares_of_each_set_in_clusters_of_both():
    p, q = histograms(states(15, 5), states(3, 27), clusters=2, seed=0)
    assert sorted(p.tolist()) == [0.25, 0.75]
    assert sorted(q.tolist()) == [0.1, 0.9]
    assert p[0] + q[0] == pytest.approx(0.85) or p[1] + q[1] == pytest.approx(0.85)  # the same cluster, the same place


def test_mauve_of_states():
    p, q = np.array([0.75, 0.25]), np.array([0.25, 0.75])
    assert mauve(states(15, 5), states(5, 15), seed=0) == pytest.approx(frontier_area(p, q))
    assert mauve(states(15, 5), states(15, 5), seed=0) == pytest.approx(1)
