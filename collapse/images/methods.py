"""Methods: how an autoencoder makes the training images of the next autoencoder.

A method is one pure function of that model, the number of real images, a seed and the precision of its products; it
returns what `autoencoder.train` takes. To add a method: write the function, register it in METHODS, name it in the
schema and under `vae.methods`.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from collapse.images.autoencoder import VariationalAutoencoder, decoder_means
from collapse.seeds import derive_seed

Training = Tensor | tuple[VariationalAutoencoder, int]
CHUNK = 1000  # images at a time, for memory


def sample_means(model: VariationalAutoencoder, rows: int, seed: int, precision: str = "float32") -> Tensor:
    """Decoder means (rows, 1, side, side) of latents drawn from the prior."""
    noise = torch.Generator().manual_seed(seed)
    sizes = [min(CHUNK, rows - start) for start in range(0, rows, CHUNK)]
    return torch.cat([decoder_means(model, size, noise, precision) for size in sizes])


def fresh_means(source: VariationalAutoencoder, rows: int, seed: int, precision: str) -> Training:
    """Decoder means drawn anew for every batch, as in the released code: no error of a finite sample.

    The seed is that of the training, which draws them.
    """
    return source, rows


def finite_means(source: VariationalAutoencoder, rows: int, seed: int, precision: str) -> Training:
    """One decoder mean for each real image, drawn once: a finite sample, without noise of the pixels."""
    return sample_means(source, rows, seed, precision)


def finite_bernoulli(source: VariationalAutoencoder, rows: int, seed: int, precision: str) -> Training:
    """One image for each real image, drawn once from the model: each pixel black or white by its mean."""
    noise = torch.Generator().manual_seed(derive_seed(seed, "pixels"))
    return torch.bernoulli(sample_means(source, rows, seed, precision), generator=noise)


METHODS: dict[str, Callable[[VariationalAutoencoder, int, int, str], Training]] = {
    "fresh_means": fresh_means,
    "finite_means": finite_means,
    "finite_bernoulli": finite_bernoulli,
}
