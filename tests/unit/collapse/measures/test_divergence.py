import math

import numpy as np
import pytest

from collapse.measures.divergence import kl_divergence, novel_share, total_variation


def test_kl_divergence_is_of_human_text_from_synthetic_each_count_raised_by_one_half():
    human, synthetic = np.array([3, 1]), np.array([1, 0])
    by_hand = 0.7 * math.log(0.7 / 0.75) + 0.3 * math.log(0.3 / 0.25)  # 3.5 : 1.5 and 1.5 : 0.5
    assert kl_divergence(human, synthetic) == pytest.approx(by_hand)
    assert kl_divergence(synthetic, human) != pytest.approx(by_hand, rel=0.01)
    assert kl_divergence(human, human) == 0


def test_total_variation_is_half_of_the_differences():
    assert total_variation(np.array([3, 1, 0]), np.array([2, 0, 2])) == pytest.approx((0.25 + 0.25 + 0.5) / 2)
    assert total_variation(np.array([5, 0]), np.array([0, 1])) == 1


def test_novelty_counts_repetitions():
    assert novel_share(np.array([2, 0, 1]), np.array([1, 3, 0])) == 0.75
