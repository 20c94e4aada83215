import math

import numpy as np
import pytest

from collapse.measures.zipf import hapax_share, missing_mass, zipf_exponent


def test_exponent_of_two_types():
    assert zipf_exponent(np.array([1, 0, 3])) == pytest.approx(math.log2(3))  # 1 : 2^-s = 3 : 1
    assert zipf_exponent(np.array([4, 4, 4])) == pytest.approx(0, abs=1e-6)


def test_exponent_of_an_exact_zipf_distribution_and_of_one_type():
    assert zipf_exponent(np.round(1e9 / np.arange(1, 501) ** 1.2)) == pytest.approx(1.2, abs=1e-6)
    assert zipf_exponent(np.array([0, 7])) is None


def test_hapaxes_over_types_and_over_tokens():
    counts = np.array([1, 5, 0, 1, 3])
    assert hapax_share(counts) == 2 / 4
    assert missing_mass(counts) == 2 / 10
