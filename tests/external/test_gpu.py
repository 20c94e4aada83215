"""The engine gives the same results on a GPU as on a processor, apart from rounding: `pytest -m gpu`."""

import numpy as np
import pytest
import torch

from collapse.decoding.beam_search import beam_search
from collapse.decoding.sampling import sample
from collapse.measures.perplexity import token_losses
from collapse.models.opt import from_state_dict
from collapse.models.opt_training import TrainableOpt
from collapse.models.transformers_model import TrainableTransformer
from collapse.training.loop import Trainer
from collapse.training.processes import Processes
from tests.models import post_norm_opt, random_opt, random_pythia

pytestmark = pytest.mark.gpu
PROMPTS = torch.randint(4, 64, (6, 8), generator=torch.Generator().manual_seed(3))


def weights(device: str) -> dict[str, torch.Tensor]:
    return {name: tensor.to(device) for name, tensor in random_opt().state_dict().items()}


@pytest.mark.parametrize("num_beams", [1, 5])
def test_the_same_tokens(num_beams):
    options = {"new_tokens": 30, "num_beams": num_beams}
    expected, _ = beam_search(from_state_dict(weights("cpu"), 2), PROMPTS, **options)
    tokens, _ = beam_search(from_state_dict(weights("cuda"), 2), PROMPTS.cuda(), **options)
    assert tokens.tolist() == expected.tolist()


def test_the_same_draws():
    expected, _ = sample(from_state_dict(weights("cpu"), 2), PROMPTS, new_tokens=10, seed=1)
    tokens, _ = sample(from_state_dict(weights("cuda"), 2), PROMPTS.cuda(), new_tokens=10, seed=1)
    assert tokens.tolist() == expected.tolist()


def test_the_same_scores():
    expected = token_losses(from_state_dict(weights("cpu"), 2), PROMPTS)
    np.testing.assert_allclose(token_losses(from_state_dict(weights("cuda"), 2), PROMPTS), expected, atol=1e-4)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_the_same_gradient(dropout):
    gradients = []
    for device in ("cpu", "cuda"):
        model = TrainableOpt(weights(device), 2, dropout)
        processes = Processes(device=torch.device(device))
        Trainer(model, 0.0, seed=1, micro_batch_blocks=4, processes=processes).gradient(PROMPTS.numpy(), step=0)
        gradients.append(model.gradients[0].cpu())
    torch.testing.assert_close(gradients[1], gradients[0], atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("made", [random_pythia, post_norm_opt])
def test_the_same_gradient_and_scores_through_transformers(made):
    reference = made()
    gradients, losses = [], []
    for device in ("cpu", "cuda"):
        there = {name: tensor.to(device) for name, tensor in reference.state_dict().items()}
        model = TrainableTransformer(there, reference.config.to_dict() | {"dropout": 0.1, "hidden_dropout": 0.1})
        processes = Processes(device=torch.device(device))
        Trainer(model, 0.0, seed=1, micro_batch_blocks=4, processes=processes).gradient(PROMPTS.numpy(), step=0)
        gradients.append(model.gradients[0].cpu())
        losses.append(token_losses(model.reader(), PROMPTS))
    torch.testing.assert_close(gradients[1], gradients[0], atol=1e-5, rtol=1e-3)
    np.testing.assert_allclose(losses[1], losses[0], atol=1e-4)
