import numpy as np
import pytest
import torch

from collapse.decoding import verifiers
from collapse.decoding.options import VERIFIERS
from collapse.decoding.verifiers import EXAMPLES, Reference, kept
from collapse.measures.perplexity import token_losses
from collapse.models.opt import from_state_dict
from tests.models import random_opt

HUMAN = np.random.default_rng(0).integers(4, 64, (20, 12))
HELD_OUT = np.random.default_rng(2).integers(4, 64, (20, 12))
STREAMS = np.arange(50)


@pytest.fixture(scope="module")
def reference() -> Reference:
    model = from_state_dict(random_opt().state_dict(), heads=2)
    options = {"batch_blocks": 8, "continued": lambda rows: np.full((len(rows), 12), 5), "end_of_text": 2}
    return Reference(model, HUMAN, HELD_OUT, **options)


def test_verifiers_score_by_their_definitions(reference):
    candidates = np.random.default_rng(1).integers(4, 64, (6, 12))
    candidates[0] = [5, 6, 7, 8] * 3  # nine 4-grams, four of them different
    losses = token_losses(reference.model, torch.from_numpy(candidates)).mean(1)
    human = token_losses(reference.model, torch.from_numpy(HELD_OUT)).mean()
    np.testing.assert_allclose(verifiers.likely(candidates, reference), -losses, rtol=1e-5)
    np.testing.assert_allclose(verifiers.typical(candidates, reference), -abs(losses - human), rtol=1e-4)
    assert verifiers.unrepetitive(candidates, reference).tolist() == [-5 / 9, 0, 0, 0, 0, 0]


def test_the_likeliest_to_be_human_is_kept(reference):
    """The model always writes one token. Human blocks rank first, blocks with that token last."""
    candidates = np.stack([[5] * 12, [5] * 6 + [9] * 6, HUMAN[3]])
    scores = verifiers.humanlike(candidates, reference)
    assert kept(scores[None], 0.0, 1, np.arange(1)).tolist() == [2]
    assert scores.argmin() == 0
    assert reference.judge.accuracy == 1


def test_a_judge_learns_from_blocks_all_over_the_human_text_and_only_if_asked():
    human = np.arange(4, 4 + 3 * EXAMPLES)[:, None].repeat(3, axis=1)
    asked: list[np.ndarray] = []
    reference = Reference(None, human, human, 8, lambda rows: asked.append(rows) or human[rows], 2)
    verifiers.unrepetitive(np.ones((2, 4), int), reference)
    assert asked == []
    for _ in range(2):
        verifiers.humanlike(human, reference)
    assert len(asked) == 1
    assert (asked[0] == np.arange(EXAMPLES) * 3).all()
    assert reference.judge.accuracy == 0.5  # the same rows are its human examples, which the model here only repeats


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


def test_noise_is_in_the_standard_deviations_of_a_blocks_own_scores():
    scores = np.random.default_rng(2).normal(size=(50, 4))
    scaled = scores * np.geomspace(1e-3, 1e3, 50)[:, None] + np.linspace(-9, 9, 50)[:, None]
    assert (kept(scaled, 1.0, 1, STREAMS) == kept(scores, 1.0, 1, STREAMS)).all()


def test_noise_of_neighbouring_blocks_has_nothing_in_common():
    """Scores are equal, so only noise chooses. Overlapping streams of neighbours would show here."""
    choice = kept(np.zeros((4000, 8)), 1.0, 1, np.arange(4000))
    assert abs((choice >= 4).mean() - 0.5) < 4 * (0.25 / 4000) ** 0.5
    before, after = choice[:-1], choice[1:]
    share = (after == before - 4)[before >= 4].mean()
    assert abs(share - 1 / 8) < 4 * (7 / 64 / 2000) ** 0.5


def test_every_declared_verifier_is_a_function():
    assert all(callable(getattr(verifiers, name)) for name in VERIFIERS)
