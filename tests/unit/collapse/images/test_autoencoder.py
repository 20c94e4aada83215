import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from collapse.images.autoencoder import batches, fresh_batches, loss, new_model, train
from collapse.images.distance import ImageClassifier
from collapse.images.measures import (
    class_entropy,
    classes_left,
    evaluate,
    latent_density,
    latent_means,
    negative_elbo,
    spread,
)
from collapse.images.methods import finite_bernoulli, finite_means, fresh_means
from collapse.measures import registry
from scripts import plot_vae_spread

TRAINING = {"batch_images": 16, "learning_rate": 0.01, "weight_decay": 0.0}


def tiny(seed: int = 1):
    return new_model(8, capacity=4, latent_dimensions=3, seed=seed)


def random_images(rows: int, seed: int = 1) -> torch.Tensor:
    return torch.rand(rows, 1, 8, 8, generator=torch.Generator().manual_seed(seed))


def test_size_is_that_of_the_released_code():
    assert sum(one.numel() for one in new_model(28, 64, 20, seed=1).parameters()) == 647_081
    with pytest.raises(ValueError, match="30 × 30 pixels"):
        new_model(30, 64, 20, seed=1)


def test_loss_is_cross_entropy_plus_divergence():
    generator = torch.Generator().manual_seed(1)
    logits, mean, log_variance = (torch.randn(size, generator=generator) for size in ((5, 64), (5, 3), (5, 3)))
    images = torch.rand(5, 64, generator=generator).round()
    expected = (
        -Bernoulli(logits=logits).log_prob(images).sum()
        + kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum()
    )
    torch.testing.assert_close(loss(logits, images, mean, log_variance), expected)


def test_the_seed_alone_decides_the_weights():
    states = []
    for seed, training_seed in ((1, 1), (1, 1), (1, 2), (2, 1)):
        torch.manual_seed(len(states))  # the global generator must not matter
        model = tiny(seed)
        train(model, random_images(40), epochs=2, seed=training_seed, **TRAINING)
        states.append(model.mean.weight)
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])
    assert not torch.equal(states[0], states[3])


def test_a_finite_set_is_visited_once_an_epoch_in_changing_order():
    images = torch.arange(10.0).reshape(10, 1, 1, 1)
    visited = torch.cat(list(batches(images, 4, 3, seed=1))).flatten().reshape(3, 10)
    assert all(sorted(epoch) == list(range(10)) for epoch in visited.tolist())
    assert visited[0].tolist() != visited[1].tolist()


def test_fresh_means_never_repeat_and_are_as_many():
    drawn = list(fresh_batches(tiny(), rows=10, size=4, epochs=3, seed=1, precision="float32"))
    assert [len(batch) for batch in drawn] == [4, 4, 2] * 3
    assert len(torch.cat(drawn).flatten(1).unique(dim=0)) == 30


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_training_lowers_the_loss(precision):
    images = torch.zeros(64, 1, 8, 8)
    images[:32, :, :4], images[32:, :, 4:] = 1, 1  # two kinds: one bit to be learnt
    losses = train(tiny(), images, epochs=15, seed=1, precision=precision, **TRAINING)
    assert len(losses) == 15
    assert losses[-1] < 0.5 * losses[0]


def test_a_training_that_diverges_is_refused():
    with pytest.raises(FloatingPointError, match="lower learning_rate"):
        train(tiny(), torch.full((16, 1, 8, 8), float("nan")), epochs=1, seed=1, **TRAINING)


def test_bernoulli_set_is_black_and_white_with_the_mean_of_the_means():
    source = tiny()
    means, drawn = (method(source, 4000, 7, "float32") for method in (finite_means, finite_bernoulli))
    assert drawn.shape == means.shape == (4000, 1, 8, 8)
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    # a pixel's mean over 4,000 draws has a standard error of at most 0.008; 64 pixels stay within 4.5 of them
    assert (drawn.mean(0) - means.mean(0)).abs().max() < 0.036
    assert torch.equal(means, finite_means(source, 4000, 7, "float32"))
    assert not torch.equal(means, finite_means(source, 4000, 8, "float32"))


def test_fresh_means_hand_on_the_model_itself():
    source = tiny()
    assert fresh_means(source, 9, 1, "float32") == (source, 9)


def test_measures_of_hand_made_values():
    means = torch.tensor([[0.0, 1.0], [2.0, 1.0]])
    assert spread(means) == pytest.approx(2**0.5 / 2)  # √2 in one dimension, 0 in the other
    assert latent_density(means).sum() * 0.1 == pytest.approx(1)
    outside = torch.tensor([[9.0], [0.05]])  # counted, not shown
    assert latent_density(outside).sum() * 0.1 == pytest.approx(0.5)
    predicted = torch.tensor([0] * 99 + [1])
    assert classes_left(predicted, 3) == 2
    assert classes_left(torch.cat([predicted, torch.tensor([0])]), 3) == 1
    assert class_entropy(torch.tensor([0, 1, 2, 3]), 5) == pytest.approx(math.log(4))


def test_negative_elbo_is_the_loss_of_an_image():
    model, images = tiny(), random_images(6)
    with torch.no_grad():  # a certain latent: no variance, so its draw is its mean
        model.log_variance.weight.zero_()
        model.log_variance.bias.fill_(-40.0)
        mean, log_variance = model.encode(images)
        expected = loss(model.decode(mean), images, mean, log_variance) / 6
    assert negative_elbo(model, images, seed=1) == pytest.approx(expected.item(), rel=1e-5)


def test_every_name_that_a_table_or_figure_uses_is_a_measure_and_generation_0_is_the_reference():
    model, first, classifier = tiny(1), tiny(2), ImageClassifier(8, 3).eval()
    images = {"generated": random_images(20, 1), "test": random_images(20, 2), "classes": 3, "seed": 1}
    found, density = evaluate(model, first, classifier, train=random_images(20, 3), **images)
    assert {*registry.VAE_HEADLINE, *plot_vae_spread.MEASURES, "real_latent_mean_sd"} <= set(found)
    assert found["latent_mean_sd"] == pytest.approx(spread(latent_means(first, images["generated"])))
    assert found["own_latent_mean_sd"] == pytest.approx(spread(latent_means(model, images["generated"])))
    assert density.tolist() == latent_density(latent_means(first, images["generated"])).tolist()
    assert "real_latent_mean_sd" not in evaluate(model, first, classifier, train=None, **images)[0]
