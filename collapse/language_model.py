"""Models through transformers: a small OPT made here, or one loaded from a folder; written as safetensors."""

import shutil
import tempfile
from pathlib import Path

import torch
from transformers import OPTConfig
from transformers.models.opt.modeling_opt import OPTForCausalLM

from collapse.artefacts import whole_file
from collapse.opt import ModelError
from collapse.tokenizer import END_OF_TEXT, PAD

MODEL_FILES = ("config.json", "model.safetensors")


def new_opt(
    *, vocabulary_size: int, layers: int, width: int, heads: int, positions: int, dropout: float, seed: int
) -> OPTForCausalLM:
    """A pre-norm OPT with random weights drawn from `seed`; the architecture of facebook/opt-125m at another size."""
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


def load_model(folder: Path) -> OPTForCausalLM:
    """Read a model for training, fp32, from safetensors alone: no pickle, no remote code, no network.

    ModelError if the folder lacks a file or one is damaged.
    """
    for name in MODEL_FILES:
        if not (Path(folder) / name).is_file():
            raise ModelError(f"{Path(folder) / name}: missing; make the base model again")
    try:
        return OPTForCausalLM.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # safetensors, transformers and the system each raise their own
        raise ModelError(f"{folder}: truncated or not an OPT model ({error}); fetch or make it again") from error


def write_model(model: OPTForCausalLM, folder: Path) -> list[Path]:
    """Write `config.json` and `model.safetensors` in the Hugging Face layout, each whole or not at all."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".model.", suffix=".part", dir=folder.parent) as temporary:
        model.save_pretrained(temporary)
        for name in MODEL_FILES:
            with whole_file(folder / name) as target:
                shutil.copyfile(Path(temporary) / name, target)
    return [folder / name for name in MODEL_FILES]
