import pytest
import torch

from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.decoding import transformers_engine
from collapse.decoding.beam_search import beam_search
from collapse.models.opt import from_state_dict
from tests.models import random_opt

PROMPTS = torch.randint(4, 64, (6, 8), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("num_beams", [1, 5, 8])
@pytest.mark.parametrize("penalty", [1.0, 2.0, 3.0])
def test_tokens_are_those_of_transformers(num_beams, penalty):
    """Continue all blocks by 30 tokens, so that rows are cleared three times and buffers grow."""
    options = {"new_tokens": 30, "num_beams": num_beams, "repetition_penalty": penalty}
    reference = random_opt()
    theirs, their_scores = transformers_engine.beam_search(reference, PROMPTS, **options)
    ours, scores = beam_search(from_state_dict(reference.state_dict(), heads=2), PROMPTS, batch_blocks=4, **options)
    assert ours.tolist() == theirs.tolist()
    torch.testing.assert_close(scores, their_scores, atol=1e-3, rtol=1e-5)


def test_the_score_is_the_log_probability_of_what_was_written():
    reference = random_opt()
    model = from_state_dict(reference.state_dict(), heads=2)
    tokens, scores = beam_search(model, PROMPTS, new_tokens=10, num_beams=3, batch_blocks=6)
    with torch.no_grad():
        logits = reference(input_ids=torch.cat([PROMPTS, tokens], dim=1)).logits[:, PROMPTS.shape[1] - 1 : -1]
    expected = logits.log_softmax(2).gather(2, tokens[:, :, None]).sum((1, 2))
    torch.testing.assert_close(scores, expected, atol=1e-4, rtol=1e-4)


def test_a_block_does_not_depend_on_the_batch():
    """Compare to the last bit, although a neighbour with more living rows lengthens the rows of all blocks."""
    model = from_state_dict(random_opt(width=128).state_dict(), heads=2)
    together, scores = beam_search(model, PROMPTS, new_tokens=30, num_beams=3, batch_blocks=4)
    for index in range(len(PROMPTS)):
        alone, score = beam_search(model, PROMPTS[index : index + 1], new_tokens=30, num_beams=3, batch_blocks=4)
        assert alone.tolist() == together[index : index + 1].tolist()
        assert score.item() == scores[index].item()


def test_end_of_text_is_never_written():
    reference = random_opt()
    with torch.no_grad():
        reference.model.decoder.embed_tokens.weight[END_OF_TEXT] *= 5  # far the likeliest token for many states
    model = from_state_dict(reference.state_dict(), heads=2)
    tokens, _ = beam_search(model, PROMPTS, new_tokens=10, num_beams=3)
    assert (tokens != END_OF_TEXT).all()


def test_more_tokens_than_positions_are_refused():
    model = from_state_dict(random_opt(positions=16).state_dict(), heads=2)
    with pytest.raises(ValueError, match="16 positions"):
        beam_search(model, PROMPTS, new_tokens=10, num_beams=2)


def test_bfloat16_writes_nearly_as_likely_text():
    reference = random_opt()
    exact, rounded = (from_state_dict(reference.state_dict(), 2, dtype) for dtype in (torch.float32, torch.bfloat16))
    _, scores = beam_search(exact, PROMPTS, new_tokens=10, num_beams=3)
    _, other_scores = beam_search(rounded, PROMPTS, new_tokens=10, num_beams=3)
    assert other_scores.dtype == torch.float32
    torch.testing.assert_close(other_scores.mean(), scores.mean(), rtol=0.05, atol=0)
