import random

import pytest

from collapse.measures.compression import compression_ratio


def test_random_digits_of_four_bits_take_half_their_bytes():
    text = "".join(random.Random(0).choices("0123456789abcdef", k=20_000))
    assert compression_ratio(text) == pytest.approx(2, rel=0.1)


def test_a_repeat_counts_however_far_it_is():
    text = "".join(random.Random(0).choices("0123456789abcdef", k=100_000))  # beyond the window of gzip
    assert compression_ratio(2 * text) == pytest.approx(2 * compression_ratio(text), rel=0.02)


def test_it_is_bytes_that_count():
    text = "".join(random.Random(0).choices("àáâãäåæçèéêëìíîï", k=20_000))
    assert compression_ratio(text) == pytest.approx(4, rel=0.15)  # two bytes a letter, of four bits


def test_no_text():
    with pytest.raises(ValueError, match="no text to compress"):
        compression_ratio("")
