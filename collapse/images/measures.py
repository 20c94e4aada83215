"""Measures of an autoencoder: spread of latent means, distance and classes of its images, loss of real images."""

import math

import numpy as np
import torch
from torch import Tensor

from collapse.images.autoencoder import VariationalAutoencoder, loss
from collapse.images.distance import ImageClassifier, features_and_classes, frechet_distance

CHUNK = 1000  # images at a time, for memory
LATENT_EDGES = np.linspace(-4, 4, 81)


def evaluate(
    model: VariationalAutoencoder,
    first: VariationalAutoencoder,
    classifier: ImageClassifier,
    *,
    generated: Tensor,
    test: Tensor,
    train: Tensor | None,
    classes: int,
    seed: int,
) -> tuple[dict[str, float | int], np.ndarray]:
    """Every measure of one generation by its name in metrics.json, and the `latent_density` of its images.

    `generated` are images of `model`, `test` and `train` real images, (n, 1, side, side) in [0, 1]; `first` is
    generation 0 of the same seed. Its real training images, `train`, are measured where they are given. Spreads are in
    the unit of the latent or of a pixel (0 to 1), entropies and the loss an image in nats; the distance has no unit.
    """
    latent = latent_means(first, generated)
    features, predicted = features_and_classes(classifier, generated)
    measures: dict[str, float | int] = {
        "latent_mean_sd": spread(latent),
        "latent_mean_sd_pooled": latent.double().std().item(),
        "own_latent_mean_sd": spread(latent_means(model, generated)),
        "pixel_sd": spread(generated.flatten(1)),
        "frechet_distance": frechet_distance(features, features_and_classes(classifier, test)[0]),
        "classes": classes_left(predicted, classes),
        "class_entropy": class_entropy(predicted, classes),
        "test_loss": negative_elbo(model, test, seed),
    }
    if train is not None:
        measures["real_latent_mean_sd"] = spread(latent_means(first, train))
    return measures, latent_density(latent)


@torch.no_grad()
def latent_means(encoder: VariationalAutoencoder, images: Tensor) -> Tensor:
    """The mean of each image's latent, (n, latent dimensions)."""
    return torch.cat([encoder.encode(chunk)[0] for chunk in images.split(CHUNK)])


def spread(means: Tensor) -> float:
    """σ: standard deviation over images (n, dimensions), averaged over dimensions."""
    return means.double().std(0).mean().item()


def latent_density(means: Tensor) -> np.ndarray:
    """Density of all values, dimensions pooled, in the bins of LATENT_EDGES; values outside count in its total."""
    counts, edges = np.histogram(means.numpy(), LATENT_EDGES)
    density: np.ndarray = counts / (means.numel() * np.diff(edges))
    return density


@torch.no_grad()
def negative_elbo(model: VariationalAutoencoder, images: Tensor, seed: int) -> float:
    """Negative evidence lower bound in nats an image, with one latent drawn for each image (n, 1, side, side)."""
    noise = torch.Generator().manual_seed(seed)
    total = 0.0
    for chunk in images.split(CHUNK):
        mean, log_variance = model.encode(chunk)
        latent = mean + torch.randn(mean.shape, generator=noise) * (log_variance / 2).exp()
        total += loss(model.decode(latent), chunk, mean, log_variance).item()
    return total / len(images)


@torch.no_grad()
def reconstructions(model: VariationalAutoencoder, images: Tensor) -> Tensor:
    """Decoder means (n, 1, side, side) at the mean of each image's latent."""
    return torch.sigmoid(model.decode(model.encode(images)[0]))


def classes_left(predicted: Tensor, classes: int, share: float = 0.01) -> int:
    """Number of classes that have at least this share of the images; `predicted` (n,) holds 0 … classes − 1."""
    return int((torch.bincount(predicted, minlength=classes) >= share * len(predicted)).sum())


def class_entropy(predicted: Tensor, classes: int) -> float:
    """Entropy of the distribution of classes, in nats."""
    shares = torch.bincount(predicted, minlength=classes).double() / len(predicted)
    return -sum((share * math.log(share) for share in shares.tolist() if share), start=0.0)
