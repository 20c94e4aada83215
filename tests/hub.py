"""A hub on loopback that speaks the protocol of Hugging Face's, and the small model that it holds."""

import contextlib
import hashlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import PreTrainedModel

from collapse.corpus.tokenizer import train_tokenizer
from collapse.models.transformers_files import write_model
from tests.models import random_opt

REVISION = "27dcfa74d334bc871f3234de431e71c6eeba5dd6"
TEXT = ["the cat sat on the mat", "and the dog sat on the cat"]


@pytest.fixture
def repository(tmp_path) -> Path:
    """A small OPT under the file layout of facebook/opt-125m."""
    folder = tmp_path / "repository"
    publish(random_opt(vocabulary_size=300), folder)
    return folder


def publish(model: PreTrainedModel, folder: Path) -> None:
    """As Meta does: a PyTorch file in half precision, vocab and merges."""
    write_model(model, folder)
    (folder / "model.safetensors").unlink()
    weights = {name.removeprefix("model."): tensor.half() for name, tensor in model.state_dict().items()}
    del weights["lm_head.weight"]
    torch.save(weights, folder / "pytorch_model.bin")
    bpe = json.loads(train_tokenizer(TEXT, 270).to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(bpe["vocab"]))
    merges = "\n".join(merge if isinstance(merge, str) else " ".join(merge) for merge in bpe["merges"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")


def publish_pythia(model: PreTrainedModel, folder: Path) -> None:
    """As EleutherAI does: half precision, names and buffers of older modules, a tokenizer with one special token."""
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
    """The address of a hub, and what is wrong with it."""

    fault: str | None = None


@pytest.fixture
def hub(repository) -> Iterator[Hub]:
    """A hub that holds this one repository at one revision, and does by it what `fault` says."""

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
            with contextlib.suppress(BrokenPipeError):  # of a client that has lost its patience
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
