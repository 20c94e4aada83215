import numpy as np
import pytest

from collapse.opt import from_state_dict
from collapse.perplexity import token_losses
from collapse.verifiers import VERIFIERS, Reference, kept
from tests.models import random_opt

HUMAN = np.random.default_rng(0).integers(4, 64, (20, 12))
STREAMS = np.arange(50)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference(from_state_dict(random_opt().state_dict(), heads=2), HUMAN, batch_blocks=8)


def test_verifiers_score_by_their_definitions(reference):
    import torch

    candidates = np.random.default_rng(1).integers(4, 64, (6, 12))
    candidates[0] = [5, 6, 7, 8] * 3  # nine 4-grams, four of them different
    losses = token_losses(reference.model, torch.from_numpy(candidates)).mean(1)
    human = token_losses(reference.model, torch.from_numpy(HUMAN)).mean()
    np.testing.assert_allclose(VERIFIERS["likely"](candidates, reference), -losses, rtol=1e-5)
    np.testing.assert_allclose(VERIFIERS["typical"](candidates, reference), -abs(losses - human), rtol=1e-4)
    assert VERIFIERS["unrepetitive"](candidates, reference).tolist() == [-5 / 9, 0, 0, 0, 0, 0]


def test_without_noise_the_best_is_kept_and_the_first_among_equals():
    scores = np.array([[0.0, 3.0, 1.0], [2.0, 2.0, 2.0], [-5.0, -4.0, -3.0]])
    assert kept(scores, 0.0, 1, np.arange(3)).tolist() == [1, 0, 2]


def test_noise_makes_a_worse_judge_and_then_none():
    scores = np.tile([0.0, 0.0, 0.0, 1.0], (4000, 1))
    right = [(kept(scores, noise, 1, np.arange(4000)) == 3).mean() for noise in (0.0, 1.0, 1e6)]
    assert right[0] == 1
    assert 0.5 < right[1] < 0.95
    assert abs(right[2] - 0.25) < 4 * (0.25 * 0.75 / 4000) ** 0.5


def test_a_blocks_choice_does_not_depend_on_the_shard():
    scores = np.random.default_rng(2).normal(size=(50, 4))
    whole = kept(scores, 1.0, 1, STREAMS)
    assert (kept(scores[30:], 1.0, 1, STREAMS[30:]) == whole[30:]).all()
    assert (kept(scores, 1.0, 2, STREAMS) != whole).any()
