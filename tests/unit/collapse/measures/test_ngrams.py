import numpy as np
import pytest

from collapse.measures.ngrams import ngram_codes, ngram_counts


def test_equal_ngrams_have_equal_codes_in_all_blocks():
    blocks = np.array([[1, 2, 1, 2], [9, 1, 2, 1]], dtype=np.int32)
    pairs, triples = ngram_codes(blocks, 2), ngram_codes(blocks, 3)
    assert pairs[0, 0] == pairs[0, 2] == pairs[1, 1]  # 12
    assert pairs[0, 1] == pairs[1, 2]  # 21
    assert len(np.unique(pairs)) == 3  # 12, 21, 91
    assert triples[0, 0] == triples[1, 1]  # 121
    assert len(np.unique(triples)) == 3  # 121, 212, 912


def test_numbers_do_not_overflow_with_a_large_vocabulary():
    blocks = np.array([[199_999] * 5, [199_999] * 4 + [199_998]], dtype=np.int32)
    codes = ngram_codes(blocks, 4)
    assert codes[0, 0] == codes[0, 1] == codes[1, 0] != codes[1, 1]


def test_ngrams_that_hold_a_token_are_left_out():
    assert (ngram_codes(np.array([[5, 2, 5, 5]]), 2, without=2) >= 0).tolist() == [[False, False, True]]


def test_counts_of_both_sets_are_of_the_same_types():
    human, synthetic = np.array([[1, 2, 1, 2], [2, 9, 9, 9]]), np.array([[1, 2, 3, 3]])
    counts = ngram_counts(human, synthetic, 2, without=9)
    found = sorted(zip(*(one.tolist() for one in counts), strict=True))
    assert found == [(0, 1), (0, 1), (1, 0), (2, 1)]  # 23 33 21 12


def test_blocks_shorter_than_the_ngram():
    with pytest.raises(ValueError, match="blocks of 2 tokens hold no 3-gram"):
        ngram_codes(np.array([[1, 2]]), 3)
