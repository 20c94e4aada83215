"""Sizes that decide what a run takes, known or guessed before anything is here: of models, and of the human text."""

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
# bytes of text: of the data set on the hub that presets use, and of Python's own documentation
WIKITEXT_2 = {"train": 10_900_000, "validation": 1_140_000, "test": 1_290_000}
PYDOC = {"train": 249_000, "validation": 16_000, "test": 140_000}
DOCSTRINGS = 1_830_000
UNKNOWN = 2_000  # blocks of a whole text that is not here


def known_shapes() -> dict[str, Shape]:
    """Models of the hub, by repository."""
    found = {}
    for name, (layers, width, heads) in OPT.items():
        one = Shape(50_272, layers, width, heads, positions=2048, by_transformers=name == "350m")
        found[f"facebook/opt-{name}"] = one
    for name, (layers, width, heads) in PYTHIA.items():
        one = Shape(50_304, layers, width, heads, positions=2048, output_matrix=True, by_transformers=True)
        found |= {f"EleutherAI/pythia-{name}": one, f"EleutherAI/pythia-{name}-deduped": one}
    return found


KNOWN = known_shapes()
GUESS = KNOWN["facebook/opt-125m"]  # of a model that is neither known nor here


class Sizes:
    """Of one configuration; `results` is its folder, where a fetched base model may lie already."""

    def __init__(self, config: Mapping[str, Any], results: Path) -> None:
        self.config = config
        self.base = config["base_model"]
        self.tokens: int = config["corpus"]["block_tokens"]
        self._guessed = False
        self.hub = self._hub(results) if self.base["source"] == "hub" else None
        self.blocks = {split: self._blocks(split) for split in ("train", "validation", "test")}

    def _hub(self, results: Path) -> Shape:
        config = fetched(self.config, results)
        self._guessed = config is None and self.base["repository"] not in KNOWN
        found = shape(config) if config else KNOWN.get(self.base["repository"], GUESS)
        if self.config["text"]["generate"]["engine"] == "transformers":
            found = replace(found, by_transformers=True)
        return found

    def guessed(self) -> bool:
        """Whether the base model's size is a guess."""
        return self._guessed

    def model(self, size: str | None) -> Shape:
        """Of the base model, or of that of one of `base_model.pretraining.sizes`."""
        found = self.hub or configuration.pretrained_shape(self.config, size)
        assert found is not None  # which it is of models from a hub alone
        return found

    def of(self, arm: str) -> Shape:
        """Of the models of an arm."""
        return self.model(finetune_settings(self.config, arm)["size"])

    def bytes_per_token(self) -> float:
        """Of English text: 2.4 with a vocabulary of 512, 4.5 with one of 50,000."""
        return 2.4 + 0.46 * math.log(self.model(None).vocabulary_size / 512)

    def _blocks(self, split: str) -> int:
        """Of a split: as many as are asked for, if there are so many; of text that is not here yet, as is asked."""
        asked, text = self.config["corpus"][f"{split}_blocks"], self._text(split)
        there = max(1, round(text / self.bytes_per_token() / self.tokens)) if text else asked or UNKNOWN
        return min(asked or there, there)

    def _text(self, split: str) -> int:
        """Bytes of human text of a split; 0 of files that are not here."""
        corpus = self.config["corpus"]
        if corpus["source"] == "pydoc":
            return PYDOC[split]
        if corpus["source"] == "hub":
            return WIKITEXT_2[split]
        files = {name: Path(corpus["folder"] or ".") / one for name, one in corpus["files"].items()}
        if split in files:
            return file_bytes(files[split])
        return round(corpus["validation_fraction"] * file_bytes(files["train"]))

    def pretraining_blocks(self) -> int:
        """Of a prompt and its continuation."""
        files = pretraining_files(self.config)
        text = sum(map(file_bytes, files)) if files else DOCSTRINGS
        return max(1, round(text / self.bytes_per_token() / (2 * self.tokens)))


def file_bytes(path: Path) -> int:
    """0 of a file that is not there: whoever reads it refuses it by name."""
    return path.stat().st_size if path.is_file() else 0


def fetched(config: Mapping[str, Any], results: Path) -> dict[str, Any] | None:
    """`config.json` of the base model from a hub, if it is the one that lies in the results already."""
    base, folder = config["base_model"], results / "base"
    if base["source"] != "hub" or not (folder / "manifest.json").exists():
        return None
    options = read_manifest(folder / "manifest.json", "base model")["options"]
    same = all(options.get(key) == base[key] for key in ("source", "repository", "revision"))
    return read_config(folder) if same else None
