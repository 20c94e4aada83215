"""Options of the autoencoder of images."""

from dataclasses import dataclass
from typing import Literal

from collapse.options import COMMIT, Precision, Seed, option


@dataclass(frozen=True, kw_only=True)
class ImageFiles:
    """The idx files of the images."""

    train_images: str = option("idx file of the images to train on", fewest=1, default="")
    train_labels: str = option("idx file of their labels", fewest=1, default="")
    test_images: str = option("idx file of the images to test the classifier on", fewest=1, default="")
    test_labels: str = option("idx file of their labels", fewest=1, default="")


@dataclass(frozen=True, kw_only=True)
class Images:
    """The real images."""

    source: Literal["digits", "files", "hub"] = option(
        "digits: those of scikit-learn; files: idx, gzipped or not; hub: a dataset with image and label"
    )
    folder: str | None = option("source files: the folder that holds them", fewest=1)
    files: ImageFiles = option("source files: names inside the folder")
    repository: str | None = option("source hub: dataset repository, owner/name", fewest=1)
    configuration: str | None = option("source hub: the dataset's configuration", fewest=1)
    revision: str | None = option("source hub: the exact commit, 40 hex digits", pattern=COMMIT)
    train_images: int | None = option("images trained on, counted from the first; null keeps all", minimum=2)


@dataclass(frozen=True, kw_only=True)
class EvaluateImages:
    """How a generation of the autoencoder is evaluated."""

    images: int = option("images sampled from every generation", minimum=100, maximum=10_000_000)
    shown: int = option("latents and test images in the figure", minimum=1, maximum=30)
    classifier_epochs: int = option("epochs of the classifier whose features are compared", minimum=1, maximum=10_000)


@dataclass(frozen=True, kw_only=True)
class Autoencoder:
    """An autoencoder and its training."""

    capacity: int = option("channels of the first convolution", minimum=1, maximum=4096)
    latent_dimensions: int = option("dimensions of the latent", minimum=1, maximum=4096)
    epochs: int = option("passes over a training set", minimum=1, maximum=10_000)
    batch_images: int = option("images a step", minimum=1, maximum=65_536)
    learning_rate: float = option("Adam's learning rate", above=0, maximum=1)
    weight_decay: float = option("Adam's weight decay", minimum=0, maximum=1)
    precision: Precision = option("format of products in training and in making synthetic sets; the rest is float32")


@dataclass(frozen=True, kw_only=True)
class Vae(Autoencoder):
    """A variational autoencoder of images."""

    images: Images = option("the real images")
    methods: list[Literal["fresh_means", "finite_means", "finite_bernoulli"]] = option(
        "how the next training set is made from a decoder", fewest=1
    )
    generations: int = option("number of generations, 0 included: 11 means 0 … 10", minimum=1, maximum=10_000)
    seeds: list[Seed] = option("seeds; each method has a chain for each", fewest=1)
    evaluate: EvaluateImages = option("how a generation is evaluated")
