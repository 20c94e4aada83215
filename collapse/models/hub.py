"""A model on the Hugging Face hub, fetched without executing anything that comes with it."""

from pathlib import Path

import torch
from huggingface_hub import HfApi, snapshot_download
from tokenizers import Tokenizer
from transformers import GPT2TokenizerFast, PreTrainedModel

from collapse.artefacts import write_json
from collapse.corpus.tokenizer import CONVENTIONS, end_of_text
from collapse.models.families import ModelError, read_config
from collapse.models.transformers_files import from_weights, load_model

FILES = ("config.json", "tokenizer.json", "vocab.json", "merges.txt")
# what in a description names code to fetch and run: of a model's class, of a pipeline, of its attention
CODE = ("auto_map", "custom_pipelines", "trust_remote_code", "attn_implementation", "_attn_implementation")
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


def read_hub_model(folder: Path) -> PreTrainedModel:
    """The model, fp32. What would bring code with it is struck from its description, in `folder` too.

    A PyTorch file is read with `weights_only`, which holds tensors and refuses any other object.
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
        raise ModelError(f"{folder}: truncated, pickled or not a model of type {kind} ({error})") from error


def read_hub_tokenizer(folder: Path, model_end_of_text: int) -> str:
    """The tokenizer as the text of a `tokenizer.json`, converted from vocab.json and merges.txt where there is none.

    ModelError if it does not end a text with the token with which the model does.
    """
    names = ("tokenizer.json",) if (folder / "tokenizer.json").is_file() else ("vocab.json", "merges.txt")
    if not all((folder / name).is_file() for name in names):
        raise ModelError("the repository has neither tokenizer.json nor vocab.json and merges.txt")
    try:
        found = _converted(folder) if len(names) > 1 else (folder / names[0]).read_text()
        end = end_of_text(Tokenizer.from_str(found))
    except Exception as error:  # the library in Rust raises a bare Exception
        raise ModelError(f"the repository's tokenizer ({' and '.join(names)}): {error}") from error
    if end != model_end_of_text:
        raise ModelError(f"the repository's tokenizer ends a text with token {end}, its model with {model_end_of_text}")
    return found


def _converted(folder: Path) -> str:
    """OPT's own files as a `tokenizer.json`."""
    special = CONVENTIONS[0]
    tokenizer = GPT2TokenizerFast(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        bos_token=special["bos_token"],
        eos_token=special["eos_token"],
        pad_token=special["pad_token"],
        unk_token=special["eos_token"],
    )
    return tokenizer.backend_tokenizer.to_str()
