import math

import numpy as np
import pytest

from collapse.measures.diversity import (
    distinct_ngrams,
    identical_blocks,
    repeated_ngrams,
    unigram_entropy,
    vocabulary_coverage,
)

BLOCKS = np.array([[1, 2, 1, 2], [1, 2, 3, 4]])


def test_distinct_ngrams_are_counted_over_the_whole_set():
    assert distinct_ngrams(BLOCKS, 1) == 4 / 8
    assert distinct_ngrams(BLOCKS, 2) == 4 / 6  # 12 21 12 | 12 23 34
    assert distinct_ngrams(BLOCKS, 4) == 1


def test_repetition_is_counted_within_a_block():
    assert repeated_ngrams(BLOCKS, 2) == pytest.approx((1 / 3 + 0) / 2)
    assert repeated_ngrams(np.array([[7] * 64]), 4) == pytest.approx(1 - 1 / 61)


def test_entropy_of_a_fair_die():
    assert unigram_entropy(np.arange(6)) == pytest.approx(math.log(6))


def test_coverage_is_of_the_human_types():
    assert vocabulary_coverage(np.array([[1, 9]]), np.array([[1, 2, 3, 3]])) == pytest.approx(1 / 3)


def test_identical_blocks():
    assert identical_blocks(np.array([[1, 2], [1, 2], [2, 1], [1, 2]])) == 0.5
