"""A model on the Hugging Face hub, fetched without executing anything that comes with it."""

import json
from pathlib import Path

import torch
from huggingface_hub import HfApi, snapshot_download
from transformers import GPT2TokenizerFast, OPTConfig
from transformers.models.opt.modeling_opt import OPTForCausalLM

from collapse.opt import ModelError
from collapse.tokenizer import END_OF_TEXT, PAD, SPECIAL_TOKENS

FILES = ("config.json", "tokenizer.json", "vocab.json", "merges.txt")
WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def download_model(repository: str, revision: str, folder: Path) -> Path:
    """Download what a model needs, at one commit, into `folder`; safetensors if the repository has them.

    ModelError if the hub, repository or revision cannot be reached, or if what came is not what the commit holds.
    """
    try:
        snapshot_download(repository, revision=revision, allow_patterns=[*FILES, WEIGHTS[0]], local_dir=folder)
        if not (folder / WEIGHTS[0]).is_file():
            snapshot_download(repository, revision=revision, allow_patterns=[WEIGHTS[1]], local_dir=folder)
        found = HfApi().verify_repo_checksums(repository, revision=revision, local_dir=folder)
    except Exception as error:  # no network, 404, a broken transfer: all end here alike
        raise ModelError(
            f"base_model.source: hub: cannot fetch {repository} at revision {revision}: "
            f"{type(error).__name__}: {error}; "
            "check the network and the names, or use base_model.source: pretrain"
        ) from error
    if found.mismatches:
        names = ", ".join(one["path"] for one in found.mismatches)
        raise ModelError(
            f"base_model.source: hub: {names}: not what {repository} holds at revision {revision} (checksum); "
            "try again, and distrust whatever stands between you and the hub"
        )
    return folder


def read_hub_model(folder: Path) -> OPTForCausalLM:
    """The model, fp32. A PyTorch file is read with `weights_only`, which holds tensors and refuses any other object."""
    config_path = folder / "config.json"
    if not config_path.is_file():
        raise ModelError(f"{config_path.name}: the repository has none; give an OPT model")
    config = json.loads(config_path.read_text())
    if config.get("model_type") != "opt":
        raise ModelError(f"config.json: model_type {config.get('model_type')!r}; only OPT models can be a base model")
    try:
        if (folder / WEIGHTS[0]).is_file():
            return OPTForCausalLM.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
        weights = torch.load(folder / WEIGHTS[1], map_location="cpu", weights_only=True)
        model = OPTForCausalLM(OPTConfig.from_dict(config)).float()
        named = {name if name.startswith("model.") else f"model.{name}": value for name, value in weights.items()}
        missing, unexpected = model.load_state_dict(named, strict=False)
        left = [name for name in missing if name != "lm_head.weight"]
        if left or [name for name in unexpected if not name.endswith("lm_head.weight")]:
            raise ModelError(f"{WEIGHTS[1]}: lacks {left[:3]} or holds {unexpected[:3]}; it is of another model")
        model.tie_weights()
        return model
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{folder}: truncated, pickled or not an OPT model ({error})") from error


def read_hub_tokenizer(folder: Path) -> str:
    """The tokenizer as the text of a `tokenizer.json`, converted from vocab.json and merges.txt where there is none."""
    if (folder / "tokenizer.json").is_file():
        return (folder / "tokenizer.json").read_text()
    if not (folder / "vocab.json").is_file() or not (folder / "merges.txt").is_file():
        raise ModelError("the repository has neither tokenizer.json nor vocab.json and merges.txt")
    special = {"bos_token": SPECIAL_TOKENS[END_OF_TEXT], "eos_token": SPECIAL_TOKENS[END_OF_TEXT]}
    tokenizer = GPT2TokenizerFast(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        pad_token=SPECIAL_TOKENS[PAD],
        unk_token=SPECIAL_TOKENS[END_OF_TEXT],
        **special,
    )
    return tokenizer.backend_tokenizer.to_str()
