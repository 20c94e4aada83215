"""The base model from a hub: the real client against a loopback server with the hub's protocol."""

import hashlib
import http.server
import json
import os
import pickle
import re
import threading
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from collapse.artefacts import read_blocks
from collapse.corpus.tokenizer import END_OF_TEXT, train_tokenizer
from collapse.models.families import ModelError
from collapse.models.hub import read_hub_model, read_hub_tokenizer
from collapse.models.opt import read_weights
from collapse.models.transformers_files import write_model
from tests.models import post_norm_opt, random_opt, random_pythia
from tests.project import ENVIRONMENT, Project

REVISION = "27dcfa74d334bc871f3234de431e71c6eeba5dd6"
TEXT = ["the cat sat on the mat", "and the dog sat on the cat"]


@pytest.fixture
def repository(tmp_path) -> Path:
    """A small OPT under the file layout of facebook/opt-125m."""
    folder = tmp_path / "repository"
    publish(random_opt(vocabulary_size=300), folder)
    return folder


def publish(model: PreTrainedModel, folder: Path) -> None:
    """Write a repository like Meta's: a PyTorch file in half precision, vocabulary and merges."""
    write_model(model, folder)
    (folder / "model.safetensors").unlink()
    weights = {
        name.removeprefix("model."): tensor.half()
        for name, tensor in model.state_dict().items()
        if "lm_head" not in name
    }
    torch.save(weights, folder / "pytorch_model.bin")
    bpe = json.loads(train_tokenizer(TEXT, 270).to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(bpe["vocab"]))
    merges = "\n".join(merge if isinstance(merge, str) else " ".join(merge) for merge in bpe["merges"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")


def publish_pythia(model: PreTrainedModel, folder: Path) -> None:
    """Write a repository like EleutherAI's: half precision, older names and buffers, one special token."""
    for path in folder.iterdir():
        path.unlink()
    write_model(model, folder)
    weights = {name: tensor.half() for name, tensor in load_file(folder / "model.safetensors").items()}
    (folder / "model.safetensors").unlink()
    for layer in range(2):
        base = f"gpt_neox.layers.{layer}.attention"
        weights |= {f"{base}.bias": torch.ones(1, 1, 64, 64).bool(), f"{base}.masked_bias": torch.tensor(-1e9)}
        weights[f"{base}.rotary_emb.inv_freq"] = torch.ones(4)
    torch.save(weights, folder / "pytorch_model.bin")
    tokenizer = train_tokenizer(TEXT, 270)
    renamed = tokenizer.to_str().replace("<s>", "<|endoftext|>").replace("</s>", "<unused>")
    (folder / "tokenizer.json").write_text(renamed.replace("<pad>", "<|padding|>"))


class Hub(str):
    """The address of a hub, and its fault."""

    fault: str | None = None


@pytest.fixture
def hub(repository):
    """Serve a hub with this repository at one revision, and with the fault in `fault`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(body=True)

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def answer(self, body: bool) -> None:
            parts = self.path.split("?")[0].strip("/").split("/")
            if parts[:3] == ["api", "models", "someone"] and REVISION in parts:
                files = [{"rfilename": path.name, "type": "file", "path": path.name} for path in repository.iterdir()]
                info = {"id": "someone/opt", "modelId": "someone/opt", "sha": REVISION, "siblings": files}
                listing = [
                    {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": git_hash(path.read_bytes())}
                    for path in repository.iterdir()
                ]
                return self.send(json.dumps(listing if "tree" in parts else info).encode(), body)
            if "resolve" in parts and REVISION in parts and (repository / parts[-1]).is_file():
                if address.fault == "redirect" and "elsewhere" not in parts:
                    return self.redirect(f"/elsewhere{self.path}")
                if not (address.fault == "gone" and parts[-1] == "merges.txt"):
                    return self.send((repository / parts[-1]).read_bytes(), body)
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound" if "someone" in parts else "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def redirect(self, path: str) -> None:
            self.send_response(302)
            self.send_header("Location", path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def send(self, data: bytes, body: bool) -> None:
            of_file = body and len(data) > 10_000 and "resolve" in self.path
            if of_file and address.fault == "flipped bit":
                data = data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]
            if of_file and address.fault == "silent":
                time.sleep(5)
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("ETag", f'"{hashlib.sha1(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", REVISION)
            self.end_headers()
            if body:
                self.wfile.write(data[: len(data) // 2] if of_file and address.fault == "truncated" else data)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = Hub(f"http://127.0.0.1:{server.server_port}")
    yield address
    server.shutdown()
    server.server_close()


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def fetch(project: Project, hub: str, repository: str, revision: str, monkeypatch) -> str:
    monkeypatch.setitem(ENVIRONMENT, "HF_ENDPOINT", hub)
    monkeypatch.setitem(ENVIRONMENT, "HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setitem(ENVIRONMENT, "HF_HUB_DOWNLOAD_TIMEOUT", "1")
    return project.command(
        *("python", "-m", "scripts", "fetch_base_model", "--code", "x"),
        *("--repository", repository, "--revision", revision, "--engine", "collapse", "--output", "out"),
        check=False,
    )


@pytest.mark.parametrize("fault", [None, "redirect"])
def test_a_base_model_comes_from_a_hub(hub, repository, tmp_path, monkeypatch, fault):
    hub.fault = fault
    project = Project.create(tmp_path / "project")
    log = fetch(project, hub, "someone/opt", REVISION, monkeypatch)
    out = project.folder / "out"
    assert (out / "manifest.json").is_file(), log
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["options"]["repository"], manifest["options"]["revision"]) == ("someone/opt", REVISION)
    expected = random_opt(vocabulary_size=300).state_dict()["model.decoder.layers.1.fc1.weight"]
    torch.testing.assert_close(read_weights(out)["model.decoder.layers.1.fc1.weight"], expected, atol=1e-3, rtol=1e-3)
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    text = TEXT[0]
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids) == text
    assert tokenizer.token_to_id("</s>") == END_OF_TEXT


def test_a_missing_repository_leaves_nothing(hub, tmp_path, monkeypatch):
    project = Project.create(tmp_path / "project")
    text = fetch(project, hub, "nobody/nothing", REVISION, monkeypatch)
    assert "cannot fetch nobody/nothing at revision" in text and "Traceback" not in text
    assert not (project.folder / "out").exists()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("flipped bit", r"pytorch_model\.bin: checksum differs from someone/opt at revision 27dcf"),
        ("truncated", r"cannot fetch someone/opt at revision"),
        ("silent", r"cannot fetch someone/opt at revision .*[Tt]ime"),
        ("gone", r"cannot fetch someone/opt at revision"),
    ],
)
def test_a_broken_transfer_is_told_and_leaves_nothing(hub, tmp_path, monkeypatch, fault, message):
    hub.fault = fault
    project = Project.create(tmp_path / "project")
    text = fetch(project, hub, "someone/opt", REVISION, monkeypatch)
    assert re.search(rf"^error: .*{message}", text, re.MULTILINE), text
    assert "Traceback" not in text
    assert not (project.folder / "out").exists()


def test_weights_that_hold_code_are_refused(repository):
    (repository / "pytorch_model.bin").write_bytes(pickle.dumps({"decoder.embed_tokens.weight": print}))
    with pytest.raises(ModelError, match="truncated, pickled or not a model of type opt"):
        read_hub_model(repository)


class Intruder:
    """An object whose pickle executes a command when it is read."""

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


def test_code_that_comes_with_a_model_is_neither_fetched_nor_run_nor_named(hub, repository, tmp_path, monkeypatch):
    canary = tmp_path / "canary"
    (repository / "evil.py").write_text(f"open({str(canary)!r}, 'w')\n")
    config = json.loads((repository / "config.json").read_text())
    remote = {
        "auto_map": {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"},
        "trust_remote_code": True,
    }
    remote["_attn_implementation"] = "someone/kernels"
    (repository / "config.json").write_text(json.dumps(config | remote))
    project = Project.create(tmp_path / "project")
    log = fetch(project, hub, "someone/opt", REVISION, monkeypatch)
    out = project.folder / "out"
    assert (out / "manifest.json").is_file(), log
    assert not canary.exists() and not [*out.rglob("*.py")]
    assert not {*remote} & {*json.loads((out / "config.json").read_text())}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_hidden_layers": 10**9}, r"num_hidden_layers 1000000000; it must be a whole number from 1 to 1000"),
        ({"hidden_size": "wide"}, r"hidden_size 'wide'; it must be a whole number"),
        ({"num_attention_heads": 0}, r"num_attention_heads 0; it must be"),
        ({"vocab_size": True}, r"vocab_size True; it must be"),
        ({"eos_token_id": True}, r"eos_token_id True; it must be one token"),
    ],
)
def test_sizes_that_no_model_has_are_refused_before_it_is_built(repository, change, message):
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


def test_another_kind_of_model_is_refused(repository):
    (repository / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    with pytest.raises(ModelError, match="model_type 'gpt2'; only opt and gpt_neox are known"):
        read_hub_model(repository)


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


def test_a_chain_of_pythia(hub, repository, tmp_path, monkeypatch):
    """Run two generations. The engine that cannot compute this model is refused before any training."""
    publish_pythia(random_pythia(vocabulary_size=300), repository)
    monkeypatch.setitem(ENVIRONMENT, "HF_ENDPOINT", hub)
    project = Project.create(tmp_path / "project")
    project.configure(
        {
            "parts": ["text"],
            "base_model": {"source": "hub", "repository": "someone/pythia", "revision": REVISION},
            "text": {"generations": 2, "seeds": [1], "arms": ["replace"]},
        }
    )
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
