"""Base models by their `config.json`: which are known, whose code computes them, their sizes and their end of text.

This project computes pre-norm OPT itself (opt.py, opt_training.py). transformers computes other OPT models
and GPT-NeoX, Pythia's architecture (transformers_model.py). Nothing here needs torch.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collapse.corpus.tokenizer import END_OF_TEXT
from collapse.models.memory import Shape

MODEL_TYPES = ("opt", "gpt_neox")
# sizes that a file may ask for: a model of more would be built for hours before its weights are missed
LARGEST = {
    "num_hidden_layers": 1_000,
    "hidden_size": 100_000,
    "num_attention_heads": 1_000,
    "vocab_size": 10_000_000,
    "max_position_embeddings": 10_000_000,
    "ffn_dim": 1_000_000,
    "intermediate_size": 1_000_000,
    "word_embed_proj_dim": 100_000,
}
NOT_KNOWN = ("attention_dropout", "layerdrop")  # parts that training leaves out at random: must be 0
# what the code of this project takes for granted of an OPT model
PRE_NORM_OPT = {
    "do_layer_norm_before": True,
    "_remove_final_layer_norm": False,
    "layer_norm_elementwise_affine": True,
    "activation_function": "relu",
    "enable_bias": True,
    "tie_word_embeddings": True,
    "eos_token_id": END_OF_TEXT,
}


class ModelError(ValueError):
    """A model folder cannot be used; the message names the file, what is wrong and the remedy."""


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json` of a model folder; ModelError if it is missing or of an architecture that is not known."""
    path = Path(folder) / "config.json"
    if not path.is_file():
        raise ModelError(f"{path}: missing; the model folder needs config.json and model.safetensors")
    try:
        config = json.loads(path.read_text())
    except ValueError as error:
        raise ModelError(f"{path}: not JSON ({error}); fetch or make it again") from error
    if not isinstance(config, dict):
        raise ModelError(f"{path}: no model's configuration; fetch or make it again")
    remedy = "choose a base model such as facebook/opt-125m or EleutherAI/pythia-70m"
    if config.get("model_type") not in MODEL_TYPES:
        raise ModelError(
            f"{path}: model_type {config.get('model_type')!r}; only {' and '.join(MODEL_TYPES)} are known; {remedy}"
        )
    for key, most in LARGEST.items():
        if key in config and not (type(config[key]) is int and 0 < config[key] <= most):
            raise ModelError(f"{path}: {key} {config[key]!r}, must be a whole number from 1 to {most}; {remedy}")
    for key in NOT_KNOWN:
        if config.get(key):
            raise ModelError(f"{path}: {key} {config[key]}, only 0 is known; {remedy}")
    if type(config.get("eos_token_id")) is not int:
        raise ModelError(f"{path}: eos_token_id {config.get('eos_token_id')!r}, must be one token; {remedy}")
    return config


def foreign(config: Mapping[str, Any]) -> str | None:
    """What of a model the code of this project cannot compute; None if it can."""
    if config["model_type"] != "opt":
        return f"model_type {config['model_type']}"
    width = config["hidden_size"]
    usual = PRE_NORM_OPT | {"word_embed_proj_dim": width, "ffn_dim": 4 * width}
    return next((f"{key} {config[key]}" for key, value in usual.items() if config.get(key, value) != value), None)


def check_engine(engine: str, config: Mapping[str, Any]) -> None:
    """ModelError if the engine cannot write text with such a model."""
    reason = foreign(config)
    if engine == "collapse" and reason:
        raise ModelError(
            f"text.generate.engine: collapse: it computes pre-norm OPT alone, and the base model has {reason}; "
            "use transformers"
        )


def end_of_text(config: Mapping[str, Any]) -> int:
    """The token that stands before every document, and is never written."""
    return config["eos_token_id"]


def shape(config: Mapping[str, Any]) -> Shape:
    """Sizes of a model; where transformers computes it, an upper bound."""
    return Shape(
        vocabulary_size=config["vocab_size"],
        layers=config["num_hidden_layers"],
        width=config["hidden_size"],
        heads=config["num_attention_heads"],
        positions=config["max_position_embeddings"],
        output_matrix=not config.get("tie_word_embeddings", config["model_type"] == "opt"),
        by_transformers=foreign(config) is not None,
    )
