"""Chains of discrete distributions are Wright–Fisher drift, and simulations agree with every closed form."""

from itertools import islice

import numpy as np
import pytest

from collapse.theory import discrete
from collapse.theory.discrete import ByCount, ByIndex, exact, measures, probabilities, simulate


def test_zipf_falls_as_one_over_the_rank_to_the_exponent():
    p = probabilities("zipf", 4, 2.0)
    assert p / p[0] == pytest.approx([1, 1 / 4, 1 / 9, 1 / 16])
    assert p.sum() == pytest.approx(1)
    assert probabilities("uniform", 5, None) == pytest.approx([0.2] * 5)


@pytest.mark.parametrize("ways", [ByIndex, ByCount])
def test_both_ways_of_drawing_follow_every_closed_form(ways):
    p, chains, samples = probabilities("zipf", 6, 1.0), 40_000, 20
    rng = np.random.default_rng(7)
    state = ways.first(p, chains, samples, rng)
    for generation in range(1, 21):
        if generation in (1, 5, 20):
            found = measures(state.counts(), p)
            for name, value in exact(p, samples, generation).items():
                error = found[name].std() / chains**0.5
                # a wrong sample size in the decay, 1/M for 1/(M − 1), is 4 to 9 standard errors off at generation 20
                assert abs(found[name].mean() - value) < 3.5 * error, (name, generation)
        state = state.next(rng)


def test_a_biased_decay_would_be_seen():
    """The bound of the test above rejects a closed form that is wrong by one sample in M."""
    p, chains, samples = probabilities("zipf", 6, 1.0), 40_000, 20
    state = next(islice(simulate(p, chains, samples, seed=7), 19, None))
    found = measures(state.counts(), p)["heterozygosity"]
    wrong = exact(p, samples - 1, 20)["heterozygosity"]
    assert abs(found.mean() - wrong) > 3.5 * found.std() / chains**0.5


def test_every_chain_ends_in_one_symbol_as_often_as_it_was_probable():
    p = probabilities("zipf", 3, 1.0)
    chains = 20_000
    found = measures(next(islice(simulate(p, chains, 10, seed=1), 199, None)).counts(), p)
    assert found["absorbed"].all() and (found["entropy"] == 0).all() and (found["heterozygosity"] == 0).all()
    for symbol, probability in enumerate(p, start=1):
        share = found[f"probability_of_symbol_{symbol}"].mean()
        assert abs(share - probability) < 3.5 * (probability * (1 - probability) / chains) ** 0.5


def test_measures_of_a_known_sample():
    found = measures(np.array([[2, 1, 1], [4, 0, 0]]), np.array([0.5, 0.25, 0.25]))
    assert found["heterozygosity"] == pytest.approx([1 - 6 / 16, 0])
    assert found["entropy"] == pytest.approx([1.5 * np.log(2), 0])
    assert found["support"].tolist() == [3, 1] and found["absorbed"].tolist() == [0, 1]
    assert found["squared_error"] == pytest.approx([0, 0.25 + 2 / 16])


def test_a_mean_of_few_chains_that_are_left_is_not_compared():
    p = discrete.probabilities("uniform", 4, None)
    rows = discrete.trajectory(p, chains=100, samples=5, generations=[1, 20], seed=1)
    by_place = {(row["quantity"], row["generation"]): row for row in rows}
    assert {generation for _, generation in by_place} == {1, 20}
    assert by_place["heterozygosity", 1]["comparable"]  # 60 chains: 100 · 0.8 · 3/4
    assert not by_place["heterozygosity", 20]["comparable"]
    assert by_place["heterozygosity", 20]["exact"] == pytest.approx(0.8**20 * 0.75)
    assert by_place["squared_error", 20]["comparable"] and not by_place["entropy", 1]["comparable"]
    assert by_place["support", 20]["exact"] is None
