"""Folders of the chains of autoencoders, and the flags of their jobs."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

from collapse.images.options import Autoencoder, Images
from pipeline.layout.link import declared, flags

REAL = "real"  # in place of the method for generation 0, which all methods share
DRAWN = (0, 1, 2, 3, 5, 10, 20)  # generations in figures with room for a few; the paper draws 5, 10 and 20


class VaeChain:
    """Chains of one configuration: a method and a seed each."""

    def __init__(self, config: Mapping[str, Any], folder: str) -> None:
        self.config = config
        self.folder = folder
        self.options = config["vae"]
        self.methods: list[str] = self.options["methods"]
        self.seeds: list[int] = self.options["seeds"]
        self.generations: int = self.options["generations"]

    def link(self, method: str, seed: int | str, generation: int | str) -> str:
        """Return the folder of a generation."""
        return f"{self.folder}/{method if int(generation) else REAL}/seed{seed}/generation{generation}"

    def links(self) -> list[str]:
        """Return the folders of all generations, each shared folder once."""
        places = product(self.methods, self.seeds, range(self.generations))
        return list(dict.fromkeys(self.link(*place) for place in places))

    def first(self, wildcards: Any) -> str:
        """Return the folder of the model of generation 0 of a job's chain."""
        return f"{self.link(REAL, wildcards.seed, 0)}/model"

    def previous(self, wildcards: Any) -> list[str]:
        """Return the folder of the model before; none for generation 0, which is trained on real images."""
        generation = int(wildcards.generation)
        return [f"{self.link(wildcards.method, wildcards.seed, generation - 1)}/model"] if generation else []

    def train_options(self, wildcards: Any) -> str:
        """Return the flags of training."""
        declared_options = declared(Autoencoder, self.options)
        return flags(**declared_options, previous=self.previous(wildcards), threads=self.config["threads"])

    def evaluate_options(self) -> str:
        """Return the flags of an evaluation."""
        evaluate = self.options["evaluate"]
        return flags(images=evaluate["images"], shown=evaluate["shown"], threads=self.config["threads"])

    def classifier_options(self) -> str:
        """Return the flags of the training of the classifier."""
        return flags(epochs=self.options["evaluate"]["classifier_epochs"], threads=self.config["threads"])

    def summary_options(self) -> str:
        """Return the flags that name the chains for the tables."""
        summary = self.config["text"]["summary"]
        return flags(
            vae=self.folder,
            method=dict.fromkeys(self.methods, REAL),
            seed=self.seeds,
            generations=self.generations,
            confidence=summary["confidence"],
            resamples=summary["resamples"],
        )

    def drawn_generations(self) -> list[int]:
        """Return the generations of figures with room for a few: those of DRAWN in the chain, and the last."""
        last = self.generations - 1
        return [generation for generation in DRAWN if generation < last] + [last]

    def drawn_links(self) -> list[str]:
        """Return the folders of the drawn generations of the first seed, each shared folder once."""
        places = product(self.methods, self.seeds[:1], self.drawn_generations())
        return list(dict.fromkeys(self.link(*place) for place in places))

    def picture_options(self) -> str:
        """Return the flags of the figure of images."""
        methods = dict.fromkeys(self.methods, REAL)
        return flags(vae=self.folder, method=methods, seed=self.seeds[0], generation=self.drawn_generations())


def image_options(config: Mapping[str, Any]) -> str:
    """Return the flags that name the source of real images."""
    return flags(**declared(Images, config["vae"]["images"]))


def image_files(config: Mapping[str, Any]) -> list[Path]:
    """Return the local files of real images; none for another source."""
    images = config["vae"]["images"]
    if "vae" not in config["parts"] or images["source"] != "files":
        return []
    return [Path(images["folder"] or ".") / name for name in images["files"].values()]
