"""What is measured of an autoencoder: spread of latent means, classes that remain, loss of real images."""

import math

import numpy as np
import torch
from torch import Tensor

from collapse.images.autoencoder import VariationalAutoencoder, loss

CHUNK = 1000  # images at a time, for memory
LATENT_EDGES = np.linspace(-4, 4, 81)


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
    return counts / (means.numel() * np.diff(edges))


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
    """How many classes have at least this share of the images; `predicted` (n,) holds 0 … classes − 1."""
    return int((torch.bincount(predicted, minlength=classes) >= share * len(predicted)).sum())


def class_entropy(predicted: Tensor, classes: int) -> float:
    """Entropy of the distribution of classes, in nats."""
    shares = torch.bincount(predicted, minlength=classes).double() / len(predicted)
    return -sum(share * math.log(share) for share in shares.tolist() if share)
