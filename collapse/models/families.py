"""Families of base models, read from `config.json`: known architectures, engine, sizes and end-of-text token.

This project's own code computes pre-norm OPT (opt.py, opt_training.py). transformers computes other OPT models and
GPT-NeoX, the architecture of Pythia (transformers_model.py). This module does not need torch.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.models.memory import Shape

MODEL_TYPES = ("opt", "gpt_neox")
# largest sizes that are accepted: building a larger model takes hours before the check of its weights can fail
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
NOT_KNOWN = ("attention_dropout", "layerdrop")  # kinds of dropout that no code here computes: must be 0
# what this project's own code assumes about an OPT model
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
    """A model folder cannot be used. The message names the file, the fault and the remedy."""


def read_config(folder: Path) -> dict[str, Any]:
    """Read `config.json` of a model folder. Raises ModelError if it is missing or its architecture is not known."""
    path = Path(folder) / "config.json"
    if not path.is_file():
        raise ModelError(f"{path}: missing; the model folder needs config.json and model.safetensors")
    try:
        config = json.loads(path.read_text())
    except ValueError as error:
        raise ModelError(f"{path}: not valid JSON ({error}); fetch or make it again") from error
    if not isinstance(config, dict):
        raise ModelError(f"{path}: not the configuration of a model; fetch or make it again")
    remedy = "choose a base model such as facebook/opt-125m or EleutherAI/pythia-70m"
    if config.get("model_type") not in MODEL_TYPES:
        raise ModelError(
            f"{path}: model_type {config.get('model_type')!r}; only {' and '.join(MODEL_TYPES)} are known; {remedy}"
        )
    for key, most in LARGEST.items():
        if key in config and not (type(config[key]) is int and 0 < config[key] <= most):
            raise ModelError(f"{path}: {key} {config[key]!r}; it must be a whole number from 1 to {most}; {remedy}")
    for key in NOT_KNOWN:
        if config.get(key):
            raise ModelError(f"{path}: {key} {config[key]}; only 0 is supported; {remedy}")
    if type(config.get("eos_token_id")) is not int:
        raise ModelError(f"{path}: eos_token_id {config.get('eos_token_id')!r}; it must be one token; {remedy}")
    return config


def foreign(config: Mapping[str, Any]) -> str | None:
    """Return the first setting that this project's own code cannot compute, as text, or None if it can compute all."""
    if config["model_type"] != "opt":
        return f"model_type {config['model_type']}"
    width = config["hidden_size"]
    usual = PRE_NORM_OPT | {"word_embed_proj_dim": width, "ffn_dim": 4 * width}
    return next((f"{key} {config[key]}" for key, value in usual.items() if config.get(key, value) != value), None)


def check_engine(engine: str, config: Mapping[str, Any]) -> None:
    """Raise ModelError if the engine cannot generate text with such a model."""
    reason = foreign(config)
    if engine == "collapse" and reason:
        raise ModelError(
            f"text.generate.engine: collapse: this engine computes only pre-norm OPT, but the base model has {reason}; "
            "use text.generate.engine: transformers"
        )


def end_of_text(config: Mapping[str, Any]) -> int:
    """Return the id of the token before every document. Models never write it."""
    return int(config["eos_token_id"])


def shape(config: Mapping[str, Any]) -> Shape:
    """Return the sizes of a model: an upper bound if transformers computes the model."""
    return Shape(
        vocabulary_size=config["vocab_size"],
        layers=config["num_hidden_layers"],
        width=config["hidden_size"],
        heads=config["num_attention_heads"],
        positions=config["max_position_embeddings"],
        output_matrix=not config.get("tie_word_embeddings", config["model_type"] == "opt"),
        by_transformers=foreign(config) is not None,
    )
