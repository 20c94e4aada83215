"""A convolutional variational autoencoder (Kingma & Welling, arXiv 1312.6114) of small grey images, and its training.

The architecture and objective are those of the released code of Shumailov et al. (doi 10.1038/s41586-024-07566-y): with
28 × 28 pixels, capacity 64 and 20 latent dimensions it has 647,081 weights. Smaller images get a smaller one.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from collapse.seeds import derive_seed

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class VariationalAutoencoder(nn.Module):
    """Encoder and decoder of images (n, 1, side, side) with values in [0, 1]; `side` is a multiple of four.

    Two convolutions of stride 2 with `capacity` and 2 × `capacity` channels, then a mean and a log-variance for each of
    `latent_dimensions`; the decoder is their mirror image and gives the logit of each pixel's mean.
    """

    def __init__(self, side: int, capacity: int, latent_dimensions: int) -> None:
        super().__init__()
        if side % 4:
            raise ValueError(f"images of {side} × {side} pixels: the side must be a multiple of 4; crop or pad them")
        self.side, self.latent_dimensions = side, latent_dimensions
        self.map = (2 * capacity, side // 4, side // 4)  # what the last convolution gives
        features = math.prod(self.map)
        self.down1 = nn.Conv2d(1, capacity, kernel_size=4, stride=2, padding=1)
        self.down2 = nn.Conv2d(capacity, 2 * capacity, kernel_size=4, stride=2, padding=1)
        self.mean = nn.Linear(features, latent_dimensions)
        self.log_variance = nn.Linear(features, latent_dimensions)
        self.expand = nn.Linear(latent_dimensions, features)
        self.up2 = nn.ConvTranspose2d(2 * capacity, capacity, kernel_size=4, stride=2, padding=1)
        self.up1 = nn.ConvTranspose2d(capacity, 1, kernel_size=4, stride=2, padding=1)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the latent given each image, both (n, latent_dimensions)."""
        hidden = functional.relu(self.down2(functional.relu(self.down1(images)))).flatten(1)
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, latent: Tensor) -> Tensor:
        """Logits of the pixels' means, (n, 1, side, side), given latents (n, latent_dimensions)."""
        logits: Tensor = self.up1(functional.relu(self.up2(self.expand(latent).unflatten(1, self.map))))
        return logits


def new_model(side: int, capacity: int, latent_dimensions: int, seed: int) -> VariationalAutoencoder:
    """Random weights (torch's defaults), drawn from `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return VariationalAutoencoder(side, capacity, latent_dimensions)


def loss(logits: Tensor, images: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Negative evidence lower bound in nats, summed over pixels and images: cross-entropy plus divergence, β = 1."""
    reconstruction = functional.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    return reconstruction - 0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()


def decoder_means(
    model: VariationalAutoencoder, rows: int, noise: torch.Generator, precision: str = "float32"
) -> Tensor:
    """Images (rows, 1, side, side) in [0, 1]: the decoder's means for latents drawn from the prior N(0, I)."""
    latent = torch.randn(rows, model.latent_dimensions, generator=noise)
    with torch.no_grad(), torch.autocast("cpu", PRECISIONS[precision], enabled=precision != "float32"):
        return torch.sigmoid(model.decode(latent).float())


def batches(images: Tensor, size: int, epochs: int, seed: int) -> Iterator[Tensor]:
    """Every epoch visits every image once, in an order of its own."""
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        yield from images[torch.randperm(len(images), generator=order)].split(size)


def fresh_batches(
    source: VariationalAutoencoder, rows: int, size: int, epochs: int, seed: int, precision: str
) -> Iterator[Tensor]:
    """Batches of decoder means, as many as `batches` gives for `rows` images; no mean occurs twice."""
    noise = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for start in range(0, rows, size):
            yield decoder_means(source, min(size, rows - start), noise, precision)


def train(
    model: VariationalAutoencoder,
    training: Tensor | tuple[VariationalAutoencoder, int],
    *,
    epochs: int,
    batch_images: int,
    learning_rate: float,
    weight_decay: float,
    seed: int,
    precision: str = "float32",
    progress: Callable[[int, int, float], None] = lambda step, steps, loss: None,
) -> list[float]:
    """Train `model` in place with Adam; return each epoch's mean loss in nats an image.

    `training` is a set of images (n, 1, side, side) in [0, 1], or a source of fresh decoder means and how many images
    an epoch has. With `precision` "bfloat16" products are taken in that format; weights, sums of the loss and the
    optimizer stay float32. `progress` is called after every step with (step, steps, loss). FloatingPointError if the
    loss is not finite.
    """
    if isinstance(training, Tensor):
        rows = len(training)
        data = batches(training, batch_images, epochs, derive_seed(seed, "order"))
    else:
        source, rows = training
        data = fresh_batches(source, rows, batch_images, epochs, derive_seed(seed, "fresh"), precision)
    steps_per_epoch = math.ceil(rows / batch_images)
    steps = epochs * steps_per_epoch
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, weight_decay=weight_decay, fused=True)
    noise = torch.Generator().manual_seed(derive_seed(seed, "noise"))
    losses: list[float] = []
    total = 0.0
    for step, images in enumerate(data, start=1):
        with torch.autocast("cpu", PRECISIONS[precision], enabled=precision != "float32"):
            mean, log_variance = (value.float() for value in model.encode(images))
            latent = mean + torch.randn(mean.shape, generator=noise) * (log_variance / 2).exp()
            logits = model.decode(latent).float()
        value = loss(logits, images, mean, log_variance)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        optimizer.step()
        per_image = value.item() / len(images)
        if not math.isfinite(per_image):
            raise FloatingPointError(f"loss {per_image} at step {step} of {steps}; lower learning_rate {learning_rate}")
        total += value.item()
        progress(step, steps, per_image)
        if step % steps_per_epoch == 0:
            losses.append(total / rows)
            total = 0.0
    return losses
