"""Autoencoders and classifiers on disk: weights as safetensors, the sizes read off their shapes."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from collapse.artefacts import ArtefactError, whole_file
from collapse.images.autoencoder import VariationalAutoencoder
from collapse.images.distance import ImageClassifier

Model = TypeVar("Model", bound=nn.Module)


def write_weights(model: nn.Module, path: Path) -> None:
    """Write `path` whole or not at all; no metadata, whose order in the file would vary."""
    with whole_file(path) as temporary:
        save_file(model.state_dict(), temporary)


def load_autoencoder(path: Path) -> VariationalAutoencoder:
    """ArtefactError if the file is missing, damaged or of another model."""

    def build(weights: Mapping[str, Tensor]) -> VariationalAutoencoder:
        capacity = weights["down1.weight"].shape[0]
        latent_dimensions, features = weights["mean.weight"].shape
        return VariationalAutoencoder(4 * math.isqrt(features // (2 * capacity)), capacity, latent_dimensions)

    return _load(path, build)


def load_classifier(path: Path) -> ImageClassifier:
    """ArtefactError if the file is missing, damaged or of another model."""

    def build(weights: Mapping[str, Tensor]) -> ImageClassifier:
        channels, features = weights["down2.weight"].shape[0], weights["hidden.weight"].shape[1]
        return ImageClassifier(4 * math.isqrt(features // channels), weights["output.weight"].shape[0])

    return _load(path, build)


def _load(path: Path, build: Callable[[Mapping[str, Tensor]], Model]) -> Model:
    if not Path(path).is_file():
        raise ArtefactError(f"{path}: missing; run the step that makes it, or dvc checkout")
    try:
        weights = load_file(path)
        model = build(weights)
        model.load_state_dict(weights)
    except Exception as error:  # safetensors has an error type of its own, missing or other tensors raise two more
        raise ArtefactError(f"{path}: truncated or of another model ({error}); delete it and run again") from error
    return model.eval().requires_grad_(False)
