import numpy as np
import pytest

from collapse.measures.improbability import improbable_share


def test_only_what_generation_0_writes_less_often_counts():
    first = np.array([1.0, 2.0, 3.0])
    assert improbable_share(np.array([1.0, 2.0, 2.5, 9.0]), first, 0.5) == 0.5  # above the median, 2
    assert improbable_share(np.array([0.1, 0.2]), first, 0.5) == 0


def test_generation_0_itself_has_the_share_beyond_the_quantile():
    first = np.random.default_rng(0).permutation(np.arange(1.0, 101.0))
    assert improbable_share(first, first, 0.95) == pytest.approx(0.05)
