"""Folders of the chains of the discrete and the Gaussian experiment, and the flags of their jobs."""

from collections.abc import Mapping
from itertools import product
from typing import Any

from collapse.theory.options import OF_VARIANT, Chains, Distribution, GaussianJob
from pipeline.layout.link import declared, flags


def discrete_chains(config: Mapping[str, Any], folder: str) -> list[str]:
    """Return the folder of each distribution and sample size."""
    options = config["discrete"]
    return [f"{folder}/{name}/samples{size}" for name, size in product(options["distributions"], options["samples"])]


def discrete_options(config: Mapping[str, Any], distribution: str) -> str:
    """Return the flags of a job of one distribution."""
    options = config["discrete"]
    return flags(**declared(Distribution, options["distributions"][distribution]), **declared(Chains, options))


def gaussian_chains(config: Mapping[str, Any], folder: str) -> list[str]:
    """Return the folder of each variant, dimension and sample size."""
    options = config["gaussian"]
    places = product(options["variants"], options["dimensions"], options["samples"])
    return [f"{folder}/{variant}/dimensions{dimensions}/samples{size}" for variant, dimensions, size in places]


def gaussian_options(config: Mapping[str, Any], variant: str) -> str:
    """Return the flags of a job of one variant, without the options of other variants."""
    foreign = {name for other, names in OF_VARIANT.items() if other != variant for name in names}
    options = declared(GaussianJob, config["gaussian"])
    return flags(**{name: value for name, value in options.items() if name not in foreign})
