"""Folders of the chains of mixtures, and the flags of their jobs."""

from collections.abc import Mapping
from itertools import product
from typing import Any

from collapse.theory.options import MixtureJob
from pipeline.layout.link import declared, flags


class MixtureChain:
    """Chains of one configuration: an original and a sample size each. Some generations are kept."""

    def __init__(self, config: Mapping[str, Any], folder: str) -> None:
        self.options = config["mixture"]
        self.threads: int = config["threads"]
        self.folder = folder
        self.kept: list[int] = sorted({0, *self.options["generations"]})

    def link(self, original: str, samples: int | str, generation: int | str) -> str:
        """Return the folder of a kept generation."""
        return f"{self.folder}/{original}/samples{samples}/generation{generation}"

    def links(self) -> list[str]:
        """Return the folders of all kept generations."""
        return [self.link(*place) for place in product(self.options["originals"], self.options["samples"], self.kept)]

    def previous(self, wildcards: Any) -> list[str]:
        """Return the folder of the kept generation before; none for generation 0."""
        before = [generation for generation in self.kept if generation < int(wildcards.generation)]
        return [self.link(wildcards.original, wildcards.samples, before[-1])] if before else []

    def simulate_options(self, wildcards: Any) -> str:
        """Return the flags of a job, which goes from one kept generation to the next."""
        return flags(**declared(MixtureJob, self.options), previous=self.previous(wildcards), threads=self.threads)

    def summary_options(self) -> str:
        """Return the flags that name the chains for the tables."""
        return flags(
            mixture=self.folder,
            original=self.options["originals"],
            samples=self.options["samples"],
            generation=self.kept,
            chains=self.options["chains"],
            seed=self.options["seed"],
            threads=self.threads,
        )
