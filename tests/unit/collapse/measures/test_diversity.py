import math
import random

import numpy as np
import pytest

from collapse.measures.diversity import (
    compression_ratio,
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


def test_random_digits_of_four_bits_take_half_their_bytes():
    text = "".join(random.Random(0).choices("0123456789abcdef", k=20_000))
    assert compression_ratio(text) == pytest.approx(2, rel=0.1)


def test_a_repeat_counts_however_far_it_is():
    text = "".join(random.Random(0).choices("0123456789abcdef", k=100_000))  # beyond the window of gzip
    assert compression_ratio(2 * text) == pytest.approx(2 * compression_ratio(text), rel=0.02)


def test_compression_counts_bytes():
    text = "".join(random.Random(0).choices("àáâãäåæçèéêëìíîï", k=20_000))
    assert compression_ratio(text) == pytest.approx(4, rel=0.15)  # two bytes a letter, of four bits


def test_no_text_has_no_compression_ratio():
    with pytest.raises(ValueError, match="no text to compress"):
        compression_ratio("")
