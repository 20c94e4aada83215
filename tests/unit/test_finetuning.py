import numpy as np
import pytest
import torch

from collapse.finetuning import cosine, next_token_loss, train
from tests.models import random_opt

BLOCKS = np.random.default_rng(0).integers(4, 64, (10, 12), dtype=np.int32)
OPTIONS = dict(batch_blocks=4, learning_rate=1e-2, final_learning_rate=1e-6, weight_decay=0.01)


def test_the_same_seed_gives_the_same_weights_and_another_one_others():
    trained = []
    for seed in (1, 1, 2):
        model = random_opt()
        train(model, BLOCKS, epochs=2, seed=seed, **OPTIONS)
        trained.append(torch.cat([parameter.flatten() for parameter in model.parameters()]))
    assert torch.equal(trained[0], trained[1])
    assert not torch.equal(trained[0], trained[2])


def test_the_global_generator_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(random_opt(), BLOCKS, epochs=1, seed=1, **OPTIONS)
    assert torch.equal(torch.rand(3), expected)


def test_loss_falls_and_every_step_is_reported():
    steps = []
    losses = train(
        random_opt(),
        BLOCKS,
        epochs=8,
        seed=1,
        progress=lambda step, total, loss: steps.append((step, total)),
        **OPTIONS,
    )
    assert losses[-1] < losses[0] - 0.5
    assert steps == [(step, 24) for step in range(1, 25)]


def test_the_loss_is_that_of_transformers():
    model = random_opt()
    batch = torch.from_numpy(BLOCKS).long()
    torch.testing.assert_close(next_token_loss(model, batch), model(input_ids=batch, labels=batch).loss)


def test_the_learning_rate_runs_along_half_a_cosine():
    assert [cosine(progress, 2.0, 1.0) for progress in (0, 0.5, 1)] == pytest.approx([2, 1.5, 1])


def test_a_diverging_run_stops_with_a_remedy():
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        train(random_opt(), BLOCKS, epochs=20, seed=1, **OPTIONS | {"learning_rate": 1e30})
