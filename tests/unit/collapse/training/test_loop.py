import numpy as np
import pytest
import torch

from collapse.measures.perplexity import token_losses
from collapse.models.opt import from_state_dict
from collapse.models.opt_training import TrainableOpt, dropout_masks
from collapse.models.transformers_model import TrainableTransformer
from collapse.training.checkpoint import Checkpoint
from collapse.training.loop import Trainer, cosine, train
from collapse.training.processes import Processes
from collapse.training.selection import Selection
from tests.models import post_norm_opt, random_opt, random_pythia

BLOCKS, OTHERS = (np.random.default_rng(seed).integers(4, 64, (10, 12), dtype=np.int32) for seed in (0, 1))
OPTIONS = dict(batch_blocks=4, learning_rate=1e-2, final_learning_rate=1e-6, weight_decay=0.01)
MODELS = pytest.mark.parametrize("made", [random_opt, random_pythia, post_norm_opt])


def trainable(dropout=0.0, threads=1, precision=torch.float32, made=random_opt) -> TrainableOpt | TrainableTransformer:
    """Make a model to train: OPT by this project, others by transformers."""
    weights, options = made().state_dict(), {"threads": threads, "precision": precision}
    if made is random_opt:
        return TrainableOpt(weights, 2, dropout=dropout, **options)
    config = made().config.to_dict() | {"dropout": dropout, "hidden_dropout": dropout}
    return TrainableTransformer(weights, config, **options)


def gradient(model: TrainableOpt | TrainableTransformer, micro_batch_blocks: int) -> torch.Tensor:
    Trainer(model, 0.0, seed=1, micro_batch_blocks=micro_batch_blocks, processes=Processes()).gradient(BLOCKS, step=3)
    return model.gradients[0]


@MODELS
def test_loss_and_gradient_are_those_of_transformers_and_autograd(made):
    reference = made()
    ids = torch.from_numpy(BLOCKS).long()
    expected = reference(input_ids=ids, labels=ids).loss
    expected.backward()
    model = trainable(made=made)
    trainer = Trainer(model, 0.0, seed=1, micro_batch_blocks=3, processes=Processes())
    assert trainer.gradient(BLOCKS, step=0) == pytest.approx(expected.item(), abs=1e-6)
    views = model.views(model.gradients[0])
    theirs = dict((reference.model.decoder if made is random_opt else reference).named_parameters())
    assert made is random_opt or views.keys() == theirs.keys()
    for name, parameter in theirs.items():
        torch.testing.assert_close(views[name], parameter.grad, atol=1e-6, rtol=1e-4)


@MODELS
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_gradient_does_not_depend_on_micro_batches_or_threads(made, dropout):
    whole = gradient(trainable(dropout, made=made), 10)
    for micro_batch_blocks, threads in ((1, 1), (4, 1), (2, 3)):
        other = gradient(trainable(dropout, threads, made=made), micro_batch_blocks)
        torch.testing.assert_close(other, whole, atol=1e-6, rtol=1e-4)


def test_dropout_leaves_the_expected_share():
    kept = dropout_masks(1, 0, range(4), (6, 50, 100), 0.1)
    assert kept.shape == (6, 200, 100)
    assert kept.double().mean().item() == pytest.approx(0.9, abs=5 * (0.09 / kept.numel()) ** 0.5)
    assert torch.equal(kept[:, 50:100], dropout_masks(1, 0, range(1, 2), (6, 50, 100), 0.1))
    assert not torch.equal(kept, dropout_masks(1, 1, range(4), (6, 50, 100), 0.1))


@pytest.mark.parametrize("part", ["embed", "layers.0.self_attn", "layers.0.fc", "layers.1"])
def test_dropout_is_undone_on_the_way_back(part):
    """The finite-difference slope along a gradient equals its norm: forward and backward use the same masks."""
    model = trainable(0.5)
    trainer = Trainer(model, 0.0, seed=1, micro_batch_blocks=10, processes=Processes())
    trainer.gradient(BLOCKS, step=3)
    direction = model.gradients[0].clone()
    for name, view in model.views(direction).items():
        if not name.startswith(part):
            view.zero_()
    expected = direction.norm().item()
    start, losses = model.weights.clone(), []
    for step in (1e-3, -1e-3):
        model.weights.copy_(start + step * direction / expected)
        losses.append(trainer.gradient(BLOCKS, step=3))
    assert (losses[0] - losses[1]) / 2e-3 == pytest.approx(expected, rel=0.01)


@MODELS
def test_bfloat16_changes_little(made):
    exact, rounded = gradient(trainable(made=made), 10), gradient(trainable(precision=torch.bfloat16, made=made), 10)
    assert 0 < (exact - rounded).norm() < 0.05 * exact.norm()


def test_the_same_seed_gives_the_same_weights_and_another_one_others():
    trained = []
    for seed in (1, 1, 2):
        model = trainable()
        train(model, BLOCKS, epochs=2, seed=seed, **OPTIONS)
        trained.append(model.weights)
    assert torch.equal(trained[0], trained[1])
    assert not torch.equal(trained[0], trained[2])


class Killed(Exception):
    pass


@MODELS
@pytest.mark.parametrize("threads", [1, 2])
def test_a_killed_run_goes_on_to_the_same_bytes_and_the_best_epoch_is_kept(tmp_path, made, threads):
    """Train on random blocks: overfitting makes an early epoch the best on other blocks."""
    whole, killed, fresh, last = (trainable(0.1, threads, made=made) for _ in range(4))
    selections = [Selection(OTHERS, 4) for _ in range(3)]
    training = {"epochs": 12, "seed": 1, **OPTIONS}
    losses = train(whole, BLOCKS, selection=selections[0], **training)
    train(last, BLOCKS, **training)
    assert np.argmin(selections[0].losses) < 11 and not torch.equal(whole.weights, last.weights)

    def kill(step, steps, loss):
        if step == 32:
            raise Killed

    path, done = tmp_path / "checkpoint.safetensors", []
    with pytest.raises(Killed):
        train(killed, BLOCKS, selection=selections[1], checkpoint=Checkpoint(path, 0, "run"), progress=kill, **training)
    going_on = {"checkpoint": Checkpoint(path, 99, "run"), "progress": lambda step, steps, loss: done.append(step)}
    assert train(fresh, BLOCKS, selection=selections[2], **going_on, **training) == losses
    assert done == [32, 33, 34, 35, 36]  # step 32 was done, and killed before it was saved
    assert selections[2].losses == selections[0].losses and len(selections[0].losses) == 12
    assert torch.equal(fresh.weights, whole.weights)


def test_a_checkpoint_of_another_run_or_a_damaged_one_is_not_gone_on_from(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    checkpoint = Checkpoint(path, 1, "run")
    checkpoint.save({"weights": torch.zeros(3)}, {"step": 4})
    assert checkpoint.load()[1] == {"step": 4}
    assert Checkpoint(path, 1, "another").load() is None
    path.write_bytes(path.read_bytes()[:-5])
    assert checkpoint.load() is None


def test_loss_falls_and_every_step_is_reported():
    steps, report = [], lambda step, total, loss: steps.append((step, total))
    losses = train(trainable(), BLOCKS, epochs=8, seed=1, progress=report, **OPTIONS)
    assert losses[-1] < losses[0] - 0.5
    assert steps == [(step, 24) for step in range(1, 25)]


def test_the_learning_rate_runs_along_half_a_cosine():
    assert [cosine(progress, 2.0, 1.0) for progress in (0, 0.5, 1)] == pytest.approx([2, 1.5, 1])


def test_a_diverging_run_stops_with_a_remedy():
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        train(trainable(), BLOCKS, epochs=20, seed=1, **OPTIONS | {"learning_rate": 1e30})


def test_so_many_steps_are_a_budget_whatever_the_size_of_the_set():
    """Ten blocks in batches of 4 make 3 steps an epoch. 6 steps are two epochs; 4 steps are one and a batch."""
    by_epochs, by_steps, cut = trainable(), trainable(), trainable()
    expected = train(by_epochs, BLOCKS, epochs=2, seed=1, **OPTIONS)
    assert train(by_steps, BLOCKS, epochs=9, steps=6, seed=1, **OPTIONS) == expected
    assert torch.equal(by_epochs.weights, by_steps.weights)
    seen, report = [], lambda step, steps, loss: seen.append(steps)
    losses = train(cut, BLOCKS, epochs=9, steps=4, seed=1, progress=report, **OPTIONS)
    assert seen == [4] * 4
    assert losses[1] == pytest.approx(expected[1], rel=0.2)  # the mean of what was visited


def test_selection_ends_with_the_weights_of_the_best_epoch():
    model, selection = trainable(), Selection(OTHERS, 4)
    train(model, BLOCKS, epochs=12, seed=1, selection=selection, **OPTIONS)
    loss = token_losses(from_state_dict(model.state_dict(), 2), torch.from_numpy(OTHERS).long()).mean()
    assert np.argmin(selection.losses) < 11 and loss == pytest.approx(min(selection.losses), rel=1e-5)
