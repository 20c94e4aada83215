import math

import numpy as np
import pytest
import torch
from transformers.models.opt.modeling_opt import OPTForCausalLM

from collapse.measures.perplexity import losses_and_states, mean_states, perplexity, token_losses
from collapse.models.opt import from_state_dict
from tests.models import random_opt


def test_every_token_counts_the_same():
    losses = np.array([math.log(2)] * 3 + [math.log(16)])
    assert perplexity(losses) == pytest.approx(2 ** ((3 * 1 + 4) / 4))


def test_it_is_not_the_mean_of_the_blocks_perplexities():
    blocks = np.log(np.array([[2.0, 2.0], [8.0, 8.0]]))
    assert perplexity(blocks) == pytest.approx(4)  # and not (2 + 8) / 2
    batches_of_unequal_size = [np.log([2.0]), np.log([8.0, 8.0, 8.0])]
    assert perplexity(np.concatenate(batches_of_unequal_size)) == pytest.approx(2 ** (10 / 4))


def test_no_token_has_no_perplexity():
    assert math.isnan(perplexity(np.array([])))


def test_losses_are_those_of_transformers():
    model: OPTForCausalLM = random_opt()
    blocks = torch.randint(4, 60, (7, 12), generator=torch.Generator().manual_seed(1))
    ours = token_losses(from_state_dict(model.state_dict(), heads=2), blocks, batch_blocks=4)
    with torch.no_grad():
        logits = model(input_ids=blocks).logits[:, :-1]
    theirs = torch.nn.functional.cross_entropy(logits.transpose(1, 2), blocks[:, 1:], reduction="none")
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)


def test_a_blocks_loss_does_not_depend_on_its_neighbours():
    model = from_state_dict(random_opt().state_dict(), heads=2)
    blocks = torch.randint(4, 60, (7, 12), generator=torch.Generator().manual_seed(1))
    together = token_losses(model, blocks, batch_blocks=4)
    alone = np.concatenate([token_losses(model, blocks[index : index + 1], batch_blocks=4) for index in range(7)])
    assert (together == alone).all()


def test_states_are_the_mean_of_transformers_last():
    model: OPTForCausalLM = random_opt()
    blocks = torch.randint(4, 60, (7, 12), generator=torch.Generator().manual_seed(1))
    ours = from_state_dict(model.state_dict(), heads=2)
    with torch.no_grad():
        theirs = model.model(input_ids=blocks).last_hidden_state.mean(1).numpy()
    np.testing.assert_allclose(mean_states(ours, blocks, batch_blocks=4), theirs, atol=1e-5)
    losses, states = losses_and_states(ours, blocks, batch_blocks=4)
    np.testing.assert_allclose(states, theirs, atol=1e-5)
    assert (losses == token_losses(ours, blocks, batch_blocks=4)).all()
