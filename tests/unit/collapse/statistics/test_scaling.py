import numpy as np
import pytest

from collapse.statistics.scaling import scaling_exponent


def test_the_exponent_of_a_power_law_is_found():
    sizes = np.array([20, 40, 80, 160])
    assert scaling_exponent(sizes, 7 * sizes**-0.3) == pytest.approx(0.3)
    assert scaling_exponent([1, 2], [4, 8]) == pytest.approx(-1)  # more data, more risk


def test_one_size_is_no_law():
    with pytest.raises(ValueError, match="at least two"):
        scaling_exponent([40, 40], [1, 2])
