"""Download of a model from the Hugging Face hub. No code from its repository is executed."""

from pathlib import Path

import torch
from huggingface_hub import HfApi, snapshot_download
from tokenizers import Tokenizer
from transformers import GPT2TokenizerFast, PreTrainedModel

from collapse.artefacts import write_json
from collapse.corpus.special_tokens import CONVENTIONS
from collapse.corpus.tokenizer import end_of_text
from collapse.models.families import ModelError, read_config
from collapse.models.transformers_files import from_weights, load_model

FILES = ("config.json", "tokenizer.json", "vocab.json", "merges.txt")
# keys of config.json that name code to download and run
CODE = ("auto_map", "custom_pipelines", "trust_remote_code", "attn_implementation", "_attn_implementation")
WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def download_model(repository: str, revision: str, folder: Path) -> Path:
    """Download the files of a model at one commit into `folder`, with safetensors weights if there are any.

    Raises ModelError if the hub, repository or revision cannot be reached, or if a checksum differs from the hub's.
    """
    try:
        snapshot_download(repository, revision=revision, allow_patterns=[*FILES, WEIGHTS[0]], local_dir=folder)
        if not (folder / WEIGHTS[0]).is_file():
            snapshot_download(repository, revision=revision, allow_patterns=[WEIGHTS[1]], local_dir=folder)
        verification = HfApi().verify_repo_checksums(repository, revision=revision, local_dir=folder)
    except Exception as error:  # no network, no such repository, a broken transfer
        raise ModelError(
            f"base_model.source: hub: cannot fetch {repository} at revision {revision}: "
            f"{type(error).__name__}: {error}; "
            "check the network and the names, or use base_model.source: pretrain"
        ) from error
    if verification.mismatches:
        names = ", ".join(file["path"] for file in verification.mismatches)
        raise ModelError(
            f"base_model.source: hub: {names}: checksum differs from {repository} at revision {revision}; "
            "try again, and distrust any proxy between you and the hub"
        )
    return folder


def read_hub_model(folder: Path) -> PreTrainedModel:
    """Read a downloaded model in fp32. Removes every key that names code from its `config.json` in `folder`.

    A PyTorch file is read with `weights_only`, which accepts tensors and refuses other objects. Raises ModelError if
    the files are damaged or of another model.
    """
    config = {key: value for key, value in read_config(folder).items() if key not in CODE}
    write_json(folder / "config.json", config)
    if (folder / WEIGHTS[0]).is_file():
        return load_model(folder)
    try:
        return from_weights(torch.load(folder / WEIGHTS[1], map_location="cpu", weights_only=True), config)
    except ModelError:
        raise
    except Exception as error:
        kind = config["model_type"]
        raise ModelError(
            f"{folder}: truncated, pickled or not a model of type {kind} ({error}); fetch it again, or choose "
            "another base model"
        ) from error


def read_hub_tokenizer(folder: Path, model_end_of_text: int) -> str:
    """Return the content of `tokenizer.json`, converted from vocab.json and merges.txt if that file is missing.

    Raises ModelError if the tokenizer cannot be read, or if its end-of-text token differs from the model's.
    """
    names = ("tokenizer.json",) if (folder / "tokenizer.json").is_file() else ("vocab.json", "merges.txt")
    if not all((folder / name).is_file() for name in names):
        raise ModelError(
            "the repository has neither tokenizer.json nor vocab.json and merges.txt; choose another base model"
        )
    try:
        content = _converted(folder) if len(names) > 1 else (folder / names[0]).read_text()
        end = end_of_text(Tokenizer.from_str(content))
    except Exception as error:  # the Rust library raises a bare Exception
        raise ModelError(
            f"the repository's tokenizer ({' and '.join(names)}): {error}; choose another base model"
        ) from error
    if end != model_end_of_text:
        raise ModelError(
            f"the repository's tokenizer ends a text with token {end}, its model with {model_end_of_text}; "
            "choose another base model"
        )
    return content


def _converted(folder: Path) -> str:
    """Convert OPT's vocab.json and merges.txt to the content of a `tokenizer.json`."""
    special = CONVENTIONS[0]
    tokenizer = GPT2TokenizerFast(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        bos_token=special["bos_token"],
        eos_token=special["eos_token"],
        pad_token=special["pad_token"],
        unk_token=special["eos_token"],
    )
    return str(tokenizer.backend_tokenizer.to_str())
