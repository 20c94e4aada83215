"""Run a decoder: a function of (model, prompts, options) that has the same name in both engines.

Decoders and their options are declared in collapse/decoding/options.py. An engine is imported when it is used.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


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
