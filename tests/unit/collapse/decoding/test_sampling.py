import numpy as np
import pytest
import scipy.stats
import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.decoding.sampling import greedy, inverse_cdf, sample, truncated, uniforms
from collapse.models.opt import from_state_dict
from tests.models import random_opt

PROMPTS = torch.randint(4, 64, (6, 8), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize(
    "options", [{}, {"temperature": 0.7, "top_k": 10}, {"top_p": 0.6}, {"repetition_penalty": 2.0}]
)
def test_draws_have_the_models_probabilities(options):
    """Test 100,000 draws of one token by chi-square against the processors of transformers."""
    reference, draws = random_opt(), 100_000
    prompt = PROMPTS[:1]
    model, prompts = from_state_dict(reference.state_dict(), heads=2), prompt.expand(draws, -1)
    tokens, _ = sample(model, prompts, new_tokens=1, seed=5, batch_blocks=5000, **options)
    with torch.no_grad():
        scores = reference(input_ids=prompt).logits[:, -1]
    if "repetition_penalty" in options:
        value = scores.gather(1, prompt)
        scores.scatter_(1, prompt, torch.where(value < 0, value * 2, value / 2))
    scores[:, END_OF_TEXT] = -torch.inf
    scores = scores / options.get("temperature", 1.0)
    if "top_k" in options:
        scores = TopKLogitsWarper(options["top_k"])(prompt, scores)
    if "top_p" in options:
        scores = TopPLogitsWarper(options["top_p"])(prompt, scores)
    expected = draws * scores.softmax(1)[0].double().numpy()
    observed = np.bincount(tokens[:, 0], minlength=64)
    assert observed[expected == 0].sum() == 0
    common = expected > 5
    rest = [observed[~common].sum()], [expected[~common].sum()]
    if rest[1][0] < 5:
        rest = [], []
    expected = np.append(expected[common], rest[1])
    assert scipy.stats.chisquare(np.append(observed[common], rest[0]), expected / expected.sum() * draws).pvalue > 1e-3


@pytest.mark.parametrize("top_k", [None, 1, 7, 100])
@pytest.mark.parametrize("top_p", [1.0, 0.9, 0.3, 1e-6])
def test_masks_are_those_of_transformers(top_k, top_p):
    scores = torch.randn(50, 200, generator=torch.Generator().manual_seed(1))
    scores[:, 3] = scores[:, 4]  # a tie
    expected = TemperatureLogitsWarper(0.8)(None, scores)
    ours = truncated(scores / 0.8, top_k, top_p)
    if top_k is not None:
        expected = TopKLogitsWarper(top_k)(None, expected)
    if top_p < 1:
        expected = TopPLogitsWarper(top_p)(None, expected)
    assert torch.equal(ours, expected)


def test_a_block_draws_the_same_in_any_batch_and_shard():
    model = from_state_dict(random_opt().state_dict(), heads=2)
    together, scores = sample(model, PROMPTS, new_tokens=10, seed=1, batch_blocks=4)
    shard, shard_scores = sample(model, PROMPTS[3:], new_tokens=10, seed=1, streams=np.arange(3, 6), batch_blocks=2)
    assert together[3:].tolist() == shard.tolist()
    torch.testing.assert_close(scores[3:], shard_scores)


def test_streams_are_independent_of_each_other_and_of_the_seed():
    numbers = uniforms(1, np.arange(2000), 8).numpy()
    assert len(np.unique(numbers)) == numbers.size
    assert not (uniforms(2, np.arange(3), 8).numpy() == numbers[:3]).any()
    assert abs(np.corrcoef(numbers[:-1, 0], numbers[1:, 0])[0, 1]) < 0.08
    assert scipy.stats.kstest(numbers.ravel(), "uniform").pvalue > 1e-3


def test_what_has_no_probability_is_not_drawn_at_the_edges():
    probabilities = torch.tensor([[0.0, 0.5, 0.0, 0.5, 0.0]]).expand(3, -1)
    uniform = torch.tensor([0.0, 0.5, 1 - 2**-53], dtype=torch.float64)
    assert inverse_cdf(probabilities, uniform).tolist() == [1, 3, 3]


def test_greedy_takes_the_likeliest_and_scores_are_the_models():
    reference = random_opt()
    tokens, scores = greedy(from_state_dict(reference.state_dict(), heads=2), PROMPTS, new_tokens=5)
    with torch.no_grad():
        logits = reference(input_ids=torch.cat([PROMPTS, tokens], dim=1)).logits[:, 7:-1]
    allowed = logits.clone()
    allowed[..., END_OF_TEXT] = -torch.inf
    assert tokens.tolist() == allowed.argmax(2).tolist()
    torch.testing.assert_close(scores, logits.log_softmax(2).gather(2, tokens[:, :, None]).sum((1, 2)))
