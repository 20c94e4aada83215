"""What comes from a hub is read as data: nothing in it is executed, and what is damaged is refused by name."""

import json
import os
import pickle
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.corpus.tokenizer import train_tokenizer
from collapse.models.families import ModelError
from collapse.models.hub import read_hub_model, read_hub_tokenizer
from tests.hub import TEXT, publish, repository
from tests.models import post_norm_opt

__all__ = ["repository"]  # a fixture


class Intruder:
    """What a pickle makes of this when it is read: a command."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.canary}",)


@pytest.mark.parametrize("written", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_weights_that_would_execute_a_command_are_refused(repository, tmp_path, written):
    canary = tmp_path / "canary"
    written({"decoder.embed_tokens.weight": Intruder(canary)}, repository / "pytorch_model.bin")
    with pytest.raises(ModelError, match="truncated, pickled or not a model of type opt"):
        read_hub_model(repository)
    assert not canary.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_hidden_layers": 10**9}, r"num_hidden_layers 1000000000; it must be a whole number from 1 to 1000"),
        ({"hidden_size": "wide"}, r"hidden_size 'wide'; it must be a whole number"),
        ({"num_attention_heads": 0}, r"num_attention_heads 0; it must be"),
        ({"vocab_size": True}, r"vocab_size True; it must be"),
        ({"eos_token_id": True}, r"eos_token_id True; it must be one token"),
        ({"model_type": "gpt2"}, r"model_type 'gpt2'; only opt and gpt_neox are known"),
    ],
)
def test_another_kind_of_model_and_sizes_that_no_model_has_are_refused_before_it_is_built(repository, change, message):
    config = json.loads((repository / "config.json").read_text())
    (repository / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(ModelError, match=message):
        read_hub_model(repository)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b"{}"])
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "vocab.json"])
def test_a_damaged_description_is_refused_by_name(repository, name, content):
    (repository / name).write_bytes(content)
    read = read_hub_model if name == "config.json" else lambda folder: read_hub_tokenizer(folder, END_OF_TEXT)
    with pytest.raises(ModelError, match=name.split(".")[0]):
        read(repository)


def test_a_tokenizer_is_converted_from_vocabulary_and_merges(repository):
    tokenizer = Tokenizer.from_str(read_hub_tokenizer(repository, END_OF_TEXT))
    assert tokenizer.encode(TEXT[0], add_special_tokens=False).ids == train_tokenizer(TEXT, 270).encode(TEXT[0]).ids


def test_opt_350m_comes_as_it_is(repository):
    model = post_norm_opt(vocabulary_size=300)
    publish(model, repository)
    read = dict(read_hub_model(repository).named_parameters())
    for name, expected in model.named_parameters():
        torch.testing.assert_close(read[name], expected, atol=1e-3, rtol=1e-3)


def test_a_tokenizer_that_ends_a_text_otherwise_than_its_model_is_refused(repository):
    with pytest.raises(ModelError, match="tokenizer ends a text with token 2, its model with 0"):
        read_hub_tokenizer(repository, 0)
