"""Sizes of models and of the human text, which decide the needs of a run. Before a fetch they may be guesses."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from collapse.artefacts import read_manifest
from collapse.models.families import read_config, shape
from collapse.models.memory import Shape
from pipeline import configuration
from pipeline.arms import finetune_settings
from pipeline.layout.text_chain import pretraining_files

OPT = {  # layers, width, heads
    "125m": (12, 768, 12),
    "350m": (24, 1024, 16),
    "1.3b": (24, 2048, 32),
    "2.7b": (32, 2560, 32),
    "6.7b": (32, 4096, 32),
    "13b": (40, 5120, 40),
    "30b": (48, 7168, 56),
    "66b": (64, 9216, 72),
}
PYTHIA = {
    "14m": (6, 128, 4),
    "31m": (6, 256, 8),
    "70m": (6, 512, 8),
    "160m": (12, 768, 12),
    "410m": (24, 1024, 16),
    "1b": (16, 2048, 8),
    "1.4b": (24, 2048, 16),
    "2.8b": (32, 2560, 32),
    "6.9b": (32, 4096, 32),
    "12b": (36, 5120, 40),
}
# bytes of text in WikiText-2, which presets use, and in Python's documentation
WIKITEXT_2 = {"train": 10_900_000, "validation": 1_140_000, "test": 1_290_000}
PYDOC = {"train": 249_000, "validation": 16_000, "test": 140_000}
DOCSTRINGS = 1_830_000
UNKNOWN = 2_000  # blocks of a text of unknown size


def known_shapes() -> dict[str, Shape]:
    """Return the shapes of well-known models of the hub, by repository."""
    shapes = {
        f"facebook/opt-{name}": Shape(50_272, *sizes, positions=2048, by_transformers=name == "350m")
        for name, sizes in OPT.items()
    }
    for name, sizes in PYTHIA.items():
        shape = Shape(50_304, *sizes, positions=2048, output_matrix=True, by_transformers=True)
        shapes |= {f"EleutherAI/pythia-{name}": shape, f"EleutherAI/pythia-{name}-deduped": shape}
    return shapes


KNOWN = known_shapes()
GUESS = KNOWN["facebook/opt-125m"]  # for a model of unknown size


class Sizes:
    """Sizes of one configuration. `results` is its folder, which may hold the fetched base model."""

    def __init__(self, config: Mapping[str, Any], results: Path) -> None:
        self.config = config
        self.base = config["base_model"]
        self.tokens: int = config["corpus"]["block_tokens"]
        self.is_guess = False  # whether the size of the base model is not known
        self.hub = self._hub(results) if self.base["source"] == "hub" else None
        self.blocks = {split: self._blocks(split) for split in ("train", "validation", "test")}

    def _hub(self, results: Path) -> Shape:
        config = fetched(self.config, results)
        self.is_guess = config is None and self.base["repository"] not in KNOWN
        known = shape(config) if config else KNOWN.get(self.base["repository"], GUESS)
        by_transformers = known.by_transformers or self.config["text"]["generate"]["engine"] == "transformers"
        return replace(known, by_transformers=by_transformers)

    def base_model(self, size: str | None = None) -> Shape:
        """Return the shape of the base model, or of one of `base_model.pretraining.sizes`."""
        return self.hub or configuration.pretrained_shape(self.config, size)

    def model(self, arm: str) -> Shape:
        """Return the shape of an arm's models."""
        return self.base_model(finetune_settings(self.config, arm)["size"])

    def bytes_per_token(self) -> float:
        """Return the bytes of English text in a token: 2.4 with a vocabulary of 512 tokens, 4.5 with 50,000."""
        return 2.4 + 0.46 * math.log(self.base_model().vocabulary_size / 512)

    def _blocks(self, split: str) -> int:
        """Return the number of blocks in a split: the requested number, capped by the text if we have it."""
        requested, text = self.config["corpus"][f"{split}_blocks"], self._text_bytes(split)
        available = max(1, round(text / self.bytes_per_token() / self.tokens)) if text else requested or UNKNOWN
        return int(min(requested or available, available))

    def _text_bytes(self, split: str) -> int:
        """Return the bytes of human text in a split; 0 for missing files."""
        corpus = self.config["corpus"]
        if corpus["source"] == "pydoc":
            return PYDOC[split]
        if corpus["source"] == "hub":
            return WIKITEXT_2[split]
        files = {name: Path(corpus["folder"] or ".") / file for name, file in corpus["files"].items()}
        if split in files:
            return file_bytes(files[split])
        fraction: float = corpus["validation_fraction"]
        return round(fraction * file_bytes(files["train"]))

    def pretraining_blocks(self) -> int:
        """Return the number of pretraining blocks, each as long as a prompt and its continuation."""
        files = pretraining_files(self.config)
        text = sum(map(file_bytes, files)) if files else DOCSTRINGS
        return max(1, round(text / self.bytes_per_token() / (2 * self.tokens)))


def file_bytes(path: Path) -> int:
    """Return the size of a file; 0 if it is missing, which another check reports."""
    return path.stat().st_size if path.is_file() else 0


def fetched(config: Mapping[str, Any], results: Path) -> dict[str, Any] | None:
    """Return `config.json` of the hub's base model if the results hold the model of this configuration; else None."""
    base, folder = config["base_model"], results / "base"
    if base["source"] != "hub" or not (folder / "manifest.json").exists():
        return None
    options = read_manifest(folder / "manifest.json", "base model")["options"]
    same = all(options.get(key) == base[key] for key in ("source", "repository", "revision"))
    return read_config(folder) if same else None
