"""Where the autoencoders of the VAE experiment lie and what each of its jobs is told: the configuration, as flags."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collapse.images.options import Autoencoder, Images
from pipeline.layout.link import declared, flags

REAL = "real"  # stands for the method of generation 0, which all methods share
SHOWN = (0, 1, 2, 3, 5, 10, 20)  # generations in figures that cannot hold all; the paper shows 5, 10 and 20


class VaeChain:
    """All generations of all methods and seeds of one configuration."""

    def __init__(self, config: Mapping[str, Any], folder: str) -> None:
        self.config = config
        self.folder = folder
        self.options = config["vae"]
        self.methods: list[str] = self.options["methods"]
        self.seeds: list[int] = self.options["seeds"]
        self.generations: int = self.options["generations"]

    def link(self, method: str, seed: int | str, generation: int | str) -> str:
        """Folder of one generation of a chain."""
        return f"{self.folder}/{method if int(generation) else REAL}/seed{seed}/generation{generation}"

    def links(self) -> list[str]:
        """Folders of every generation that the configuration asks for, shared ones once."""
        places = (
            (method, seed, one) for method in self.methods for seed in self.seeds for one in range(self.generations)
        )
        return list(dict.fromkeys(self.link(*place) for place in places))

    def first(self, wildcards: Any) -> str:
        """Folder of generation 0 of a job's chain."""
        return self.link(REAL, wildcards.seed, 0)

    def previous(self, wildcards: Any) -> list[str]:
        """Folder of the generation before; none for generation 0, which is trained on real images."""
        generation = int(wildcards.generation)
        return [self.link(wildcards.method, wildcards.seed, generation - 1)] if generation else []

    def train_options(self, wildcards: Any) -> str:
        """The model and its training, the same for every generation."""
        previous = [f"{folder}/model" for folder in self.previous(wildcards)]
        return flags(**declared(Autoencoder, self.options), previous=previous, threads=self.config["threads"])

    def evaluate_options(self) -> str:
        """How a generation is judged; the classifier has its own job."""
        evaluate = self.options["evaluate"]
        return flags(images=evaluate["images"], shown=evaluate["shown"], threads=self.config["threads"])

    def classifier_options(self) -> str:
        return flags(epochs=self.options["evaluate"]["classifier_epochs"], threads=self.config["threads"])

    def summary_options(self) -> str:
        """What the tables are made of: from the configuration, never from what lies on the disk."""
        summary = self.config["text"]["summary"]
        return flags(
            vae=self.folder,
            method=dict.fromkeys(self.methods, REAL),
            seed=self.seeds,
            generations=self.generations,
            confidence=summary["confidence"],
            resamples=summary["resamples"],
        )

    def shown(self) -> list[int]:
        """Generations in the figures that cannot hold all: those of SHOWN that there are, and the last."""
        last = self.generations - 1
        return [one for one in SHOWN if one < last] + [last]

    def pictures(self) -> list[str]:
        """Folders of the generations whose images are shown, of the first seed."""
        places = ((method, generation) for method in self.methods for generation in self.shown())
        return list(dict.fromkeys(self.link(method, self.seeds[0], generation) for method, generation in places))

    def picture_options(self) -> str:
        return flags(
            vae=self.folder, method=dict.fromkeys(self.methods, REAL), seed=self.seeds[0], generation=self.shown()
        )


def image_options(config: Mapping[str, Any]) -> str:
    """Where real images come from."""
    return flags(**declared(Images, config["vae"]["images"]))


def image_files(config: Mapping[str, Any]) -> list[Path]:
    """Local files of the configuration that hold real images."""
    images = config["vae"]["images"]
    if "vae" not in config["parts"] or images["source"] != "files":
        return []
    return [Path(images["folder"] or ".") / name for name in images["files"].values()]
