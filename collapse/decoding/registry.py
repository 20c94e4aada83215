"""Decoders, which continue prompts by a model, and the engines that run them.

A decoder is a function of (model, prompts, options) with the same name in both engines. An engine is imported at its
first use, so the names of decoders can be read without torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

ENGINES = ("collapse", "transformers")  # transformers is the reference, and several times slower
PRECISIONS = ("float32", "bfloat16")
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class Decoder:
    """`options` of a decoder, as in the configuration. If it `draws`, it also takes `seed` and `streams`."""

    options: tuple[str, ...]
    draws: bool = False


DECODERS = {
    "beam_search": Decoder(("num_beams", "repetition_penalty")),
    "greedy": Decoder(("repetition_penalty",)),
    "sample": Decoder(("temperature", "top_k", "top_p", "watermark_bias", "repetition_penalty"), draws=True),
}


def load(engine: str, folder: Path, precision: str = "float32", device: str = "cpu") -> Any:
    """Load the model of a folder for an engine. Raises ModelError if the folder or the architecture does not fit."""
    return _module(engine).load(folder, precision, device)


def decode(engine: str, decoder: str, model: Any, prompts: Tensor, **options: Any) -> tuple[Tensor, Tensor]:
    """Continue prompts (blocks, tokens): return new tokens (blocks, new_tokens) and their log-probabilities (blocks,).

    `load` gives the `model` for the engine. All options go to the decoder, which raises TypeError for an unknown
    option. Results are in main memory, whatever the device of the model.
    """
    tokens, log_probability = getattr(_module(engine), decoder)(model, prompts.to(model.device), **options)
    return tokens.cpu(), log_probability.cpu()


def _module(engine: str) -> ModuleType:
    if engine == "transformers":
        from collapse.decoding import transformers_engine

        return transformers_engine
    from collapse.decoding import collapse_engine

    return collapse_engine
