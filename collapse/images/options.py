"""Options of the autoencoder of images."""

from dataclasses import dataclass
from typing import Annotated, Literal

from collapse.options import COMMIT, Option, Precision, Seed


@dataclass(frozen=True, kw_only=True)
class ImageFiles:
    """The idx files of the images."""

    train_images: Annotated[str, Option("idx file of the images to train on", fewest=1)] = ""
    train_labels: Annotated[str, Option("idx file of their labels", fewest=1)] = ""
    test_images: Annotated[str, Option("idx file of the images to test the classifier on", fewest=1)] = ""
    test_labels: Annotated[str, Option("idx file of their labels", fewest=1)] = ""


@dataclass(frozen=True, kw_only=True)
class Images:
    """The real images."""

    source: Annotated[
        Literal["digits", "files", "hub"],
        Option("digits: those of scikit-learn; files: idx, gzipped or not; hub: a dataset with image and label"),
    ]
    folder: Annotated[str | None, Option("source files: the folder that holds them", fewest=1)]
    files: Annotated[ImageFiles, Option("source files: names inside the folder")]
    repository: Annotated[str | None, Option("source hub: dataset repository, owner/name", fewest=1)]
    configuration: Annotated[str | None, Option("source hub: the dataset's configuration", fewest=1)]
    revision: Annotated[str | None, Option("source hub: the exact commit, 40 hex digits", pattern=COMMIT)]
    train_images: Annotated[int | None, Option("images trained on, counted from the first; null keeps all", minimum=2)]


@dataclass(frozen=True, kw_only=True)
class EvaluateImages:
    """How a generation of the autoencoder is evaluated."""

    images: Annotated[int, Option("images sampled from every generation", minimum=100, maximum=10_000_000)]
    shown: Annotated[int, Option("latents and test images in the figure", minimum=1, maximum=30)]
    classifier_epochs: Annotated[
        int, Option("epochs of the classifier whose features are compared", minimum=1, maximum=10_000)
    ]


@dataclass(frozen=True, kw_only=True)
class Autoencoder:
    """An autoencoder and its training."""

    capacity: Annotated[int, Option("channels of the first convolution", minimum=1, maximum=4096)]
    latent_dimensions: Annotated[int, Option("dimensions of the latent", minimum=1, maximum=4096)]
    epochs: Annotated[int, Option("passes over a training set", minimum=1, maximum=10_000)]
    batch_images: Annotated[int, Option("images a step", minimum=1, maximum=65_536)]
    learning_rate: Annotated[float, Option("Adam's learning rate", above=0, maximum=1)]
    weight_decay: Annotated[float, Option("Adam's weight decay", minimum=0, maximum=1)]
    precision: Annotated[
        Precision, Option("format of products in training and in making synthetic sets; the rest is float32")
    ]


@dataclass(frozen=True, kw_only=True)
class Vae(Autoencoder):
    """A variational autoencoder of images."""

    images: Annotated[Images, Option("the real images")]
    methods: Annotated[
        list[Literal["fresh_means", "finite_means", "finite_bernoulli"]],
        Option("how the next training set is made from a decoder", fewest=1),
    ]
    generations: Annotated[int, Option("number of generations, 0 included: 11 means 0 … 10", minimum=1, maximum=10_000)]
    seeds: Annotated[list[Seed], Option("seeds; each method has a chain for each", fewest=1)]
    evaluate: Annotated[EvaluateImages, Option("how a generation is evaluated")]
