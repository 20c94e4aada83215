"""The base model from a hub: real client code against a server on loopback that speaks the hub's protocol."""

import contextlib
import io
import json
import re
from functools import partial

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file
from tokenizers import Tokenizer

from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.models.opt import read_weights
from collapse.tables import read_blocks
from scripts import fetch_base_model
from scripts.shared import job
from tests.hub import REVISION, TEXT, hub, publish_pythia, repository
from tests.models import random_opt, random_pythia
from tests.project import ENVIRONMENT, Project

__all__ = ["hub", "repository"]  # fixtures


@pytest.fixture
def fetch(hub, tmp_path, monkeypatch):
    """The script, in this process, with a client that asks this hub; returns what it printed, and writes to `out`."""
    monkeypatch.chdir(tmp_path)
    address = {"ENDPOINT": str(hub), "HUGGINGFACE_CO_URL_TEMPLATE": hub + "/{repo_id}/resolve/{revision}/{filename}"}
    for name, value in (address | {"HF_HUB_DOWNLOAD_TIMEOUT": 1, "HF_HUB_ETAG_TIMEOUT": 1}).items():
        monkeypatch.setattr(constants, name, value)

    def one(repository: str = "someone/opt") -> str:
        options = ["--code", "x", "--repository", repository, "--revision", REVISION, "--engine", "collapse"]
        with contextlib.redirect_stderr(io.StringIO()) as printed, contextlib.suppress(SystemExit):
            job.run(partial(fetch_base_model.main, [*options, "--output", "out"]))
        return printed.getvalue()

    return one


@pytest.mark.parametrize("fault", [None, "redirect"])
def test_a_base_model_comes_from_a_hub(hub, fetch, tmp_path, fault):
    hub.fault = fault
    log = fetch()
    out = tmp_path / "out"
    assert (out / "manifest.json").is_file(), log
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["options"]["repository"], manifest["options"]["revision"]) == ("someone/opt", REVISION)
    expected = random_opt(vocabulary_size=300).state_dict()["model.decoder.layers.1.fc1.weight"]
    torch.testing.assert_close(read_weights(out)["model.decoder.layers.1.fc1.weight"], expected, atol=1e-3, rtol=1e-3)
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    text = TEXT[0]
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids) == text
    assert tokenizer.token_to_id("</s>") == END_OF_TEXT


def test_a_missing_repository_leaves_nothing(fetch, tmp_path):
    text = fetch("nobody/nothing")
    assert "cannot fetch nobody/nothing at revision" in text and "Traceback" not in text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("flipped bit", r"pytorch_model\.bin: checksum differs from someone/opt at revision 27dcf"),
        ("truncated", r"cannot fetch someone/opt at revision"),
        ("silent", r"cannot fetch someone/opt at revision .*[Tt]ime"),
        ("gone", r"cannot fetch someone/opt at revision"),
    ],
)
def test_a_broken_transfer_is_told_and_leaves_nothing(hub, fetch, tmp_path, fault, message):
    hub.fault = fault
    text = fetch()
    assert re.search(rf"^error: .*{message}", text, re.MULTILINE), text
    assert "Traceback" not in text
    assert not (tmp_path / "out").exists()


def test_code_that_comes_with_a_model_is_neither_fetched_nor_run_nor_named(fetch, repository, tmp_path):
    canary = tmp_path / "canary"
    (repository / "evil.py").write_text(f"open({str(canary)!r}, 'w')\n")
    config = json.loads((repository / "config.json").read_text())
    classes = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}
    remote = {"auto_map": classes, "trust_remote_code": True, "_attn_implementation": "someone/kernels"}
    (repository / "config.json").write_text(json.dumps(config | remote))
    log = fetch()
    out = tmp_path / "out"
    assert (out / "manifest.json").is_file(), log
    assert not canary.exists() and not [*out.rglob("*.py")]
    assert not {*remote} & {*json.loads((out / "config.json").read_text())}


def test_a_chain_of_pythia(hub, repository, tmp_path, monkeypatch):
    """Two generations through the workflow; the engine that cannot write is refused before anything is trained."""
    publish_pythia(random_pythia(vocabulary_size=300), repository)
    monkeypatch.setitem(ENVIRONMENT, "HF_ENDPOINT", hub)
    project = Project.create(tmp_path / "project")
    model = {"source": "hub", "repository": "someone/pythia", "revision": REVISION}
    text = {"generations": 2, "seeds": [1], "arms": ["replace"]}
    project.configure({"parts": ["text"], "base_model": model, "text": text})
    link = "results/mini/text/replace/seed1"
    arguments = ("--cores", "2", f"{link}/generation1/manifest.json")
    refusal = (
        "text.generate.engine: collapse: this engine computes only pre-norm OPT, "
        "but the base model has model_type gpt_neox"
    )
    project.run(*arguments, check=False)
    assert refusal in (project.folder / "logs/mini/fetch_base_model.log").read_text()
    assert not (project.results / "base").exists() or not list((project.results / "base").iterdir())

    project.configure({"text": {"generate": {"engine": "transformers"}}})
    project.run(*arguments)
    config = json.loads((project.results / "base" / "tokenizer_config.json").read_text())
    assert (config["eos_token"], config["pad_token"]) == ("<|endoftext|>", "<|padding|>")
    human, _ = read_blocks(project.results / "corpus" / "train.parquet")
    synthetic, _ = read_blocks(project.folder / link / "generation1" / "synthetic.parquet")
    assert (human == 0).any() and (synthetic != 0).all()
    folders = [project.results / "base", project.folder / link / "generation1" / "model"]
    files = [load_file(folder / "model.safetensors") for folder in folders]
    assert files[0].keys() == files[1].keys() and "embed_out.weight" in files[0]
    assert not torch.equal(files[0]["embed_out.weight"], files[1]["embed_out.weight"])
    metrics = json.loads((project.folder / link / "generation1" / "metrics.json").read_text())
    assert 1 < metrics["test_perplexity"] < 1e6

    project.configure({"text": {"generate": {"engine": "collapse"}}})
    assert refusal in project.run(*arguments, check=False)
