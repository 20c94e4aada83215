import pytest
import torch

from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.decoding.next_token import candidates
from collapse.models.opt import from_state_dict
from tests.models import random_opt

HIDDEN = torch.randn(200, 16, generator=torch.Generator().manual_seed(2))
HISTORY = torch.randint(0, 1024, (200, 30), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("penalty", [1.0, 2.0])
@torch.no_grad()
def test_two_stages_find_the_best_of_a_vocabulary_cut_into_columns(penalty):
    """Include rows where banned end of text was best by far: its column must not displace another."""
    reference = random_opt(vocabulary_size=1024)
    end = reference.model.decoder.embed_tokens.weight[END_OF_TEXT].mul_(3)
    model = from_state_dict(reference.state_dict(), heads=2)
    hidden = HIDDEN + 2 * end / end.norm()
    logits = model.output(hidden).clone()
    assert (logits.argmax(1) == END_OF_TEXT).sum() > 100
    scores = logits.log_softmax(1)
    if penalty != 1:
        value = scores.gather(1, HISTORY)
        scores.scatter_(1, HISTORY, value * penalty)
    scores[:, END_OF_TEXT] = -torch.inf
    expected, expected_ids = torch.topk(scores, 8)
    best, ids = candidates(model, hidden, HISTORY, 8, penalty)
    assert ids.tolist() == expected_ids.tolist()
    torch.testing.assert_close(best, expected)
