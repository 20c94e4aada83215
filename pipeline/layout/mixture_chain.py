"""Where the chains of mixtures lie and what each of their jobs is told: the configuration, as paths and flags."""

from collections.abc import Mapping
from typing import Any

from collapse.theory.options import MixtureJob
from pipeline.layout.link import declared, flags


class MixtureChain:
    """All kept generations of all originals and sample sizes of one configuration."""

    def __init__(self, config: Mapping[str, Any], folder: str) -> None:
        self.options = config["mixture"]
        self.threads: int = config["threads"]
        self.folder = folder
        self.kept: list[int] = sorted({0, *self.options["generations"]})

    def link(self, original: str, samples: int | str, generation: int | str) -> str:
        """Folder of one kept generation of a chain."""
        return f"{self.folder}/{original}/samples{samples}/generation{generation}"

    def links(self) -> list[str]:
        """Folders of every generation that is kept."""
        places = (
            (original, samples, generation)
            for original in self.options["originals"]
            for samples in self.options["samples"]
            for generation in self.kept
        )
        return [self.link(*place) for place in places]

    def previous(self, wildcards: Any) -> list[str]:
        """Folder of the kept generation before; none for generation 0."""
        before = [one for one in self.kept if one < int(wildcards.generation)]
        return [self.link(wildcards.original, wildcards.samples, before[-1])] if before else []

    def simulate_options(self, wildcards: Any) -> str:
        """The options of one stretch of a chain."""
        return flags(**declared(MixtureJob, self.options), previous=self.previous(wildcards), threads=self.threads)

    def summary_options(self) -> str:
        """What the tables are made of: from the configuration, never from what lies on the disk."""
        return flags(
            mixture=self.folder,
            original=self.options["originals"],
            samples=self.options["samples"],
            generation=self.kept,
            chains=self.options["chains"],
            seed=self.options["seed"],
            threads=self.threads,
        )
