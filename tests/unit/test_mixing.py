import numpy as np
import pytest

from collapse.mixing import HUMAN, POLICIES, human_only

HUMAN_BLOCKS = np.arange(20, dtype=np.int32).reshape(10, 2)
FIRST, SECOND = HUMAN_BLOCKS + 100, HUMAN_BLOCKS + 200


def test_generation_zero_is_the_human_text_in_order():
    training = human_only(HUMAN_BLOCKS)
    assert (training.blocks == HUMAN_BLOCKS).all()
    assert set(training.origin) == {"human"}
    assert training.source_block.tolist() == list(range(10))


def test_replace_keeps_nothing_but_the_newest_set():
    training = POLICIES["replace"].mix(HUMAN_BLOCKS, [FIRST, SECOND], 0.0, 1)
    assert (training.blocks == SECOND).all()
    assert set(training.origin) == {"model"}
    assert set(training.source_generation) == {1}


@pytest.mark.parametrize(("fraction", "count"), [(0.0, 0), (0.1, 1), (0.3, 3), (1.0, 10)])
def test_preserve_keeps_an_exact_share_of_true_originals_and_the_size(fraction, count):
    training = POLICIES["preserve"].mix(HUMAN_BLOCKS, [FIRST, SECOND], fraction, 1)
    human = training.source_generation == HUMAN
    assert human.sum() == count
    assert len(training.blocks) == 10
    assert (training.blocks[human] == HUMAN_BLOCKS[training.source_block[human]]).all()  # never an earlier mixture
    assert (training.blocks[~human] == SECOND[training.source_block[~human]]).all()
    assert len(np.unique(training.blocks, axis=0)) == 10  # no block twice


def test_preserve_draws_anew_for_another_seed():
    kept = {
        tuple(np.flatnonzero(POLICIES["preserve"].mix(HUMAN_BLOCKS, [FIRST], 0.3, seed).source_generation == HUMAN))
        for seed in range(8)
    }
    assert len(kept) > 3


def test_mixing_leaves_its_inputs_alone():
    before = FIRST.copy()
    POLICIES["preserve"].mix(HUMAN_BLOCKS, [FIRST], 0.5, 1)
    assert (before == FIRST).all()
