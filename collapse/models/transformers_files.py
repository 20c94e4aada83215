"""Models of transformers: a new small OPT, or a known model from a folder. Files are safetensors."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import OPTConfig, PreTrainedModel
from transformers.models.gpt_neox.modeling_gpt_neox import GPTNeoXForCausalLM
from transformers.models.opt.modeling_opt import OPTForCausalLM

from collapse.artefacts import whole_file, writing
from collapse.corpus.special_tokens import END_OF_TEXT, PAD
from collapse.models.families import ModelError, read_config

MODEL_FILES = ("config.json", "model.safetensors")
CLASSES = {"opt": OPTForCausalLM, "gpt_neox": GPTNeoXForCausalLM}


def new_opt(
    *, vocabulary_size: int, layers: int, width: int, heads: int, positions: int, dropout: float, seed: int
) -> OPTForCausalLM:
    """Make a pre-norm OPT with random weights from `seed`: facebook/opt-125m's architecture at another size."""
    config = OPTConfig(
        vocab_size=vocabulary_size,
        hidden_size=width,
        word_embed_proj_dim=width,
        ffn_dim=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=positions,
        dropout=dropout,
        bos_token_id=END_OF_TEXT,
        eos_token_id=END_OF_TEXT,
        pad_token_id=PAD,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return OPTForCausalLM(config)


def load_model(folder: Path, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """Load a model from safetensors: no pickle, no remote code, no network.

    Raises ModelError if a file is missing, damaged or of another model, or if the architecture is not known.
    """
    kind = read_config(folder)["model_type"]
    path = Path(folder) / "model.safetensors"
    if not path.is_file():
        raise ModelError(f"{path}: missing; make the base model again")
    try:
        model, loading = CLASSES[kind].from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except Exception as error:  # safetensors, transformers and the system raise types of their own
        raise ModelError(
            f"{folder}: truncated or not a model of type {kind} ({error}); fetch or make it again"
        ) from error
    return _whole(model, loading, path.name)


def from_weights(weights: Mapping[str, Tensor], config: Mapping[str, Any]) -> PreTrainedModel:
    """Make an fp32 model from weights and configuration. Raises ModelError if they belong to different models."""
    kind = CLASSES[config["model_type"]]
    model, loading = kind.from_pretrained(
        None,
        config=kind.config_class.from_dict(dict(config)),
        state_dict=dict(weights),
        dtype=torch.float32,
        output_loading_info=True,
    )
    return _whole(model, loading, "the file of weights")


def _whole(model: PreTrainedModel, loading: Mapping[str, Any], name: str) -> PreTrainedModel:
    """Return the model. Raises ModelError for missing weights, which transformers draws at random, or extra weights."""
    missing, unexpected = (sorted(loading[f"{kind}_keys"]) for kind in ("missing", "unexpected"))
    if missing or unexpected:
        raise ModelError(
            f"{name}: lacks {missing[:3]} or holds {unexpected[:3]}: it belongs to another model; fetch or make the "
            "model again"
        )
    return model


def write_model(model: PreTrainedModel, folder: Path) -> list[Path]:
    """Write a model in the Hugging Face layout and return its two files. No file is left half written."""
    folder = Path(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".model.", suffix=".part", dir=folder.parent) as temporary:
            model.save_pretrained(temporary)
            for name in MODEL_FILES:
                with whole_file(folder / name) as target:
                    shutil.copyfile(Path(temporary) / name, target)
    return [folder / name for name in MODEL_FILES]
