from collections import Counter

import numpy as np
import pytest

from collapse import mixing
from collapse.mixing import HUMAN, Seeds, TrainingSet, human_only
from collapse.options import names
from collapse.policies import POLICIES

HUMAN_BLOCKS = np.arange(20, dtype=np.int32).reshape(10, 2)
FIRST, SECOND = HUMAN_BLOCKS + 100, HUMAN_BLOCKS + 200
SEEDS = Seeds(generation=1, chain=2)


def mix(policy: str, synthetic=(FIRST, SECOND), seeds=SEEDS, **options) -> TrainingSet:
    return getattr(mixing, policy)(HUMAN_BLOCKS, list(synthetic), seeds, **options)


OPTIONS = {
    "preserve": {"human_fraction": 0.3, "human_draw": "each_generation"},
    "preserve_loaded": {"human_fraction": 0.3},
    "provenance_filter": {"most_depth": 1},
    "watermark_filter": {"z_threshold": 4.0, "z_scores": [np.zeros(10), np.full(10, 3.0), np.arange(10.0)]},
    "growing_web": {"share_growth": 0.2},
    "pool": {"texts": [SECOND, SECOND + 100, SECOND + 200]},
}


@pytest.mark.parametrize("policy", POLICIES)
def test_every_row_is_what_its_origin_says_and_none_stands_twice(policy):
    before = [one.copy() for one in (HUMAN_BLOCKS, FIRST, SECOND)]
    training = mix(policy, **OPTIONS.get(policy, {}))
    given = set(OPTIONS.get(policy, {})) - {"z_scores"}
    assert given == ({"texts"} if POLICIES[policy].pools else set(names(POLICIES[policy].options)))
    writers = np.zeros(len(training), int) if training.source_writer is None else training.source_writer
    for block, generation, source, writer in zip(
        training.blocks, training.source_generation, training.source_block, writers, strict=True
    ):
        assert (block == before[generation + 1][source] + 100 * writer).all()
    assert len(np.unique(training.blocks, axis=0)) == len(training)
    assert all((one == same).all() for one, same in zip((HUMAN_BLOCKS, FIRST, SECOND), before, strict=True))


def composition(training: TrainingSet) -> dict[int, int]:
    return dict(Counter(training.source_generation.tolist()))


def test_generation_zero_is_the_human_text_in_order():
    training = human_only(HUMAN_BLOCKS)
    assert (training.blocks == HUMAN_BLOCKS).all()
    assert set(training.origin) == {"human"}
    assert training.source_block.tolist() == list(range(10))


def test_replace_keeps_nothing_but_the_newest_set():
    assert composition(mix("replace")) == {1: 10}


@pytest.mark.parametrize(("fraction", "count"), [(0.0, 0), (0.1, 1), (0.3, 3), (1.0, 10)])
def test_preserve_keeps_an_exact_share_and_the_size(fraction, count):
    training = mix("preserve", human_fraction=fraction, human_draw="each_generation")
    assert (training.source_generation == HUMAN).sum() == count
    assert training.source_block.tolist() == list(range(10))


@pytest.mark.parametrize(("human_draw", "varies"), [("each_generation", True), ("once", False)])
def test_preserve_draws_anew_or_once_for_the_chain(human_draw, varies):
    kept = [
        mix("preserve", seeds=Seeds(seed, chain=7), human_fraction=0.3, human_draw=human_draw).origin.tolist()
        for seed in range(8)
    ]
    assert (len(set(map(tuple, kept))) > 3) == varies


def test_what_the_released_code_preserves_becomes_synthetic():
    first = mix("preserve_loaded", [FIRST], human_fraction=0.5)
    second = mix("preserve_loaded", [FIRST, SECOND], human_fraction=0.5)
    assert composition(first) == {HUMAN: 5, 0: 5}
    assert (second.source_generation == 1).sum() == 5
    old = np.flatnonzero(second.source_generation != 1)
    assert (second.source_generation[old] == first.source_generation[old]).all()  # as they were in the set before
    assert (second.source_generation == 0).sum() > 0


def test_accumulate_keeps_everything():
    assert composition(mix("accumulate")) == {HUMAN: 10, 0: 10, 1: 10}


def test_accumulate_subsample_draws_its_budget_evenly_from_everything():
    counts: Counter[int] = Counter()
    for seed in range(300):
        training = mix("accumulate_subsample", seeds=Seeds(seed, chain=2))
        assert len(training) == 10
        counts.update(training.source_generation.tolist())
    assert all(abs(counts[generation] - 1000) < 4 * (3000 * 2 / 9) ** 0.5 for generation in (HUMAN, 0, 1))


@pytest.mark.parametrize(("depth", "allowed"), [(0, {HUMAN}), (1, {HUMAN, 0}), (2, {HUMAN, 0, 1})])
def test_the_provenance_filter_keeps_what_is_near_enough_to_human_text(depth, allowed):
    found = set()
    for seed in range(20):
        training = mix("provenance_filter", seeds=Seeds(seed, chain=2), most_depth=depth)
        assert len(training) == 10
        found |= set(training.source_generation.tolist())
    assert found == allowed


def test_the_watermark_filter_drops_what_is_flagged_whoever_wrote_it():
    seen = set()
    for seed in range(60):
        z_scores = [np.where(np.arange(10) == 3, 9.0, 0.0), np.full(10, 5.0), np.arange(10.0)]
        training = mix("watermark_filter", seeds=Seeds(seed, chain=2), z_threshold=4.0, z_scores=z_scores)
        assert len(training) == 10
        seen |= set(zip(training.source_generation.tolist(), training.source_block.tolist(), strict=True))
    assert seen == {(HUMAN, block) for block in range(10) if block != 3} | {(1, block) for block in range(5)}
    with pytest.raises(ValueError, match="flags every block"):
        mix("watermark_filter", z_threshold=-1.0, z_scores=[np.zeros(10)] * 3)


@pytest.mark.parametrize(("growth", "synthetic"), [(0.0, 0), (0.1, 2), (0.2, 4), (0.9, 10)])
def test_the_webs_synthetic_share_grows_with_the_generation(growth, synthetic):
    training = mix("growing_web", share_growth=growth)
    assert (training.origin == "model").sum() == synthetic
    assert training.source_block.tolist() == list(range(10))


def test_a_pool_takes_as_much_from_every_writer_and_the_newest_generation_alone():
    training = mix("pool", texts=OPTIONS["pool"]["texts"])
    assert sorted(Counter(training.source_writer.tolist()).values()) == [3, 3, 4]
    assert composition(training) == {1: 10}
    assert training.source_block.tolist() == list(range(10))
    other = mix("pool", texts=OPTIONS["pool"]["texts"], seeds=Seeds(generation=9, chain=2))
    assert (training.source_writer != other.source_writer).any()
