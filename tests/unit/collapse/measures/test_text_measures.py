import numpy as np
import pytest

from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.measures.text_measures import against_human, sampled, variety


def test_a_sample_is_all_or_the_same_few():
    assert sampled(5, 5, seed=1).tolist() == [0, 1, 2, 3, 4]
    rows = sampled(1000, 10, seed=1)
    assert len(np.unique(rows)) == 10
    assert (rows == sampled(1000, 10, seed=1)).all()
    assert (rows != sampled(1000, 10, seed=2)).any()


def test_end_of_text_makes_no_difference_to_synthetic_text_that_cannot_hold_it():
    human = np.array([[4, 5, 6, 7, END_OF_TEXT], [END_OF_TEXT, 4, 5, 6, 7]])
    found = against_human(human, np.array([[4, 5, 6, 7, 4], [5, 6, 7, 4, 5]]), END_OF_TEXT)
    assert found["total_variation_1"] == pytest.approx(((3 / 10 - 1 / 4) * 2 + (1 / 4 - 2 / 10) * 2) / 2)
    assert found["novel_1"] == 0
    assert found["novel_2"] == 2 / 8  # 74, twice
    assert found["novel_4"] == 3 / 4


def test_variety_looks_at_pairs_of_sampled_blocks_alone_and_counts_in_all():
    blocks = np.array([[4, 5, 6, 7], [8, 8, 8, END_OF_TEXT], [4, 5, 6, 7]])
    found = variety(blocks, np.array([0, 2]), np.eye(2), "text", END_OF_TEXT)
    assert found["self_bleu"] == pytest.approx(1)
    assert found["vendi_score"] == pytest.approx(2)
    assert found["missing_mass"] == 0
    assert found["hapax_share"] == 0
    assert variety(blocks[:2], np.array([0, 1]), np.eye(2), "text", END_OF_TEXT)["missing_mass"] == 4 / 7
