from itertools import pairwise

import numpy as np
import pytest
import torch

from collapse.decoding.sampling import sample
from collapse.decoding.watermark import GREEN_SHARE, marker, z_scores
from collapse.models.opt import from_state_dict
from tests.models import random_opt

PROMPTS = torch.randint(4, 64, (40, 8), generator=torch.Generator().manual_seed(3))
OPTIONS = {"new_tokens": 40, "seed": 1}


def test_marked_blocks_are_found_and_the_others_are_as_without_a_watermark():
    model = from_state_dict(random_opt(positions=128).state_dict(), heads=2)
    marked = np.arange(40) % 2 == 0
    tokens, _ = sample(model, PROMPTS, watermark_bias=4.0, marked=marked, **OPTIONS)
    plain, _ = sample(model, PROMPTS, **OPTIONS)
    assert (tokens[~marked] == plain[~marked]).all()
    scores = z_scores(tokens.numpy(), 64)
    assert scores[marked].min() > 2 > scores[~marked].mean() + 0.5
    assert abs(scores[~marked].mean()) < 4 * 40**-0.5 * 1.5


def test_the_bias_is_that_of_transformers_and_acts_after_the_nucleus():
    """Draw with so large a bias that only favoured tokens can follow, if the nucleus holds any."""
    model = from_state_dict(random_opt().state_dict(), heads=2)
    tokens, _ = sample(model, PROMPTS, new_tokens=1, seed=1, watermark_bias=50.0)
    raised = marker(50.0, 64, "cpu")(PROMPTS, torch.zeros(40, 64))
    assert (raised > 0).sum(1).tolist() == [int(64 * GREEN_SHARE)] * 40
    assert (raised.gather(1, tokens) > 0).float().mean() > 0.95


def test_a_loop_is_not_taken_for_a_mark():
    """Every pair of tokens counts once, so a block of one repeated pair has at most two observations."""
    loops = np.array([[a, b] * 20 for a in range(4, 14) for b in range(20, 30)])
    assert z_scores(loops, 64).max() == pytest.approx((2 - 0.5) / (2 * 0.25 * 0.75) ** 0.5)


def test_each_pair_of_tokens_is_counted_once_and_none_is_left_out():
    """Count by hand the distinct pairs, the favoured pairs among them, and the z score of their share."""
    blocks = np.random.default_rng(0).integers(4, 9, (30, 24))  # many pairs return, in other company
    favoured = marker(1.0, 64, "cpu")(torch.arange(64)[:, None], torch.zeros(64, 64)) > 0
    for block, score in zip(blocks, z_scores(blocks, 64), strict=True):
        pairs = {*pairwise(block.tolist())}
        hits = sum(bool(favoured[first, second]) for first, second in pairs)
        assert score == pytest.approx((hits - 0.25 * len(pairs)) / (0.25 * 0.75 * len(pairs)) ** 0.5)
