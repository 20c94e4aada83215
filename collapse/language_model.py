"""Base models through transformers: a small OPT made here, or one loaded from a folder; written as safetensors."""

from pathlib import Path

import torch
from transformers import OPTConfig, OPTForCausalLM

from collapse.tokenizer import END_OF_TEXT, PAD


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
    """Read a model for training, fp32, from safetensors alone: no pickle, no remote code, no network."""
    return OPTForCausalLM.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, local_files_only=True, trust_remote_code=False
    )
