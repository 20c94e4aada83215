"""Wrong input is refused before any work. The message names the input and the remedy."""

import json
import math
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.project import ENVIRONMENT, Project


def refused(project, *options):
    """Run Snakemake, check that it started no job, and return its output."""
    text = project.snakemake("--cores", "1", *options, check=False)
    assert "Traceback" not in text, text
    assert project.executed() == {}
    return text


def test_a_wrong_configuration(mini):
    mini.configure({"text": {"generations": 0}})
    assert "text.generations: 0: must be at least 1" in refused(mini)


def test_an_empty_corpus(mini):
    (mini.folder / "empty.txt").write_text("")
    mini.configure({"corpus": {"source": "files", "folder": ".", "files": {"train": "empty.txt", "test": "empty.txt"}}})
    assert "empty.txt: the file holds no text to train on; give a file with text" in refused(mini)


def test_a_corpus_shorter_than_a_block(mini):
    (mini.folder / "short.txt").write_text("too short")
    mini.configure({"corpus": {"source": "files", "folder": ".", "files": {"train": "short.txt", "test": "short.txt"}}})
    assert "short.txt: 9 bytes, shorter than one block of 16 tokens; give more text" in refused(mini)


def test_text_that_is_not_utf8(mini):
    (mini.folder / "latin.txt").write_bytes("café au lait, ".encode("latin-1") * 99)
    mini.configure({"corpus": {"source": "files", "folder": ".", "files": {"train": "latin.txt", "test": "latin.txt"}}})
    assert re.search(r"latin\.txt: not UTF-8 text \(byte 0xe9 at position 3\); convert it", refused(mini))


def test_a_missing_file(mini):
    mini.configure({"corpus": {"source": "files", "folder": ".", "files": {"train": "a.txt", "test": "a.txt"}}})
    assert "a.txt: no such file; check corpus.folder and corpus.files" in refused(mini)


def idx(*sizes: int) -> bytes:
    """Return the bytes of an idx file of zeros."""
    header = bytes([0, 0, 8, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)
    return header + bytes(math.prod(sizes))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (idx(20, 8, 8)[:-9], r"images\.idx: truncated: 1287 bytes, by its header 1296; fetch it again"),
        (idx(20, 8, 12), r"images\.idx: 8 × 12 pixels, need a square with a side of 4, 8, …; crop or pad them"),
        (idx(20), r"images\.idx: 1 dimensions, images have 3; are images and labels swapped\?"),
    ],
)
def test_image_files_that_are_truncated_or_of_another_shape(mini, images, message):
    (mini.folder / "images.idx").write_bytes(images)
    (mini.folder / "labels.idx").write_bytes(idx(20)[:-1] + b"\x01")
    names = {f"{split}_{kind}": f"{kind}.idx" for split in ("train", "test") for kind in ("images", "labels")}
    mini.configure({"vae": {"images": {"source": "files", "folder": ".", "files": names, "train_images": None}}})
    assert re.search(message, refused(mini))


def test_results_of_another_schema_version(mini):
    path = mini.results / "corpus" / "train.manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 0}))
    assert "manifest.json: schema version 0, but this code reads version 1; remove the results" in refused(mini)


def test_a_hub_without_a_network(mini, monkeypatch):
    monkeypatch.setitem(ENVIRONMENT, "HF_ENDPOINT", "http://127.0.0.1:9")
    revision = "0" * 40
    mini.configure({"base_model": {"source": "hub", "repository": "nobody/nothing", "revision": revision}})
    shutil.rmtree(mini.results)
    text = mini.snakemake("--cores", "2", check=False)
    assert re.search(r"base_model\.source: hub: no connection to http://127\.0\.0\.1:9 .*; check the network", text), (
        text
    )
    assert mini.executed() == {}
    assert not list(mini.results.rglob("*.safetensors"))


def test_a_dataset_without_a_network(mini, monkeypatch):
    monkeypatch.setitem(ENVIRONMENT, "HF_ENDPOINT", "http://127.0.0.1:9")
    hub = {"source": "hub", "repository": "nobody/nothing", "configuration": "none", "revision": "0" * 40}
    mini.configure({"corpus": hub | {"splits": {"train": "train", "test": "test"}}})
    shutil.rmtree(mini.results / "corpus")
    text = mini.snakemake("--cores", "2", check=False)
    assert re.search(r"corpus\.source: hub: no connection to http://127\.0\.0\.1:9 .*; check the network", text), text
    assert mini.executed() == {}


def test_a_truncated_base_model_is_refused_by_name_before_it_is_used(mini):
    weights = mini.results / "base" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    mini.configure({"text": {"seeds": [1, 2, 3]}})
    assert "base/model.safetensors: differs from its manifest (sha256 or size); delete it and run again" in refused(
        mini
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize("options", ["size=1m", "size=100m,ro"])
def test_a_full_disk_and_a_read_only_folder(mini, options):
    shutil.rmtree(mini.results)
    mini.results.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(mini.results)], capture_output=True)
    if mount.returncode != 0:
        pytest.skip(f"no tmpfs here: {mount.stderr.decode()}")
    try:
        text = refused(mini)
    finally:
        subprocess.run(["umount", str(mini.results)], check=True)
    if "ro" in options:
        assert re.search(r"results/mini: cannot be written to \(Read-only file system\); make it writable", text)
    else:
        assert re.search(r"MB free, the run needs about [\d.]+ MB more; free space, or ask for fewer", text)


def test_a_batch_that_does_not_fit(mini):
    mini.configure({"memory_gigabytes": 1, "text": {"generate": {"batch_blocks": 65_536}}})
    assert re.search(
        r"memory_gigabytes: 1: text\.generate would take about [\d.]+ GB; raise it, or lower text\.generate\.batch",
        refused(mini),
    )


def test_a_home_that_cannot_be_written_is_not_needed(tmp_path, monkeypatch):
    project = Project.create(tmp_path / "project")
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    monkeypatch.setitem(ENVIRONMENT, "HOME", str(home))
    monkeypatch.delitem(ENVIRONMENT, "XDG_CACHE_HOME", raising=False)
    # permissions stop root only without this capability
    bound = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-all"] if os.geteuid() == 0 else []
    project.command(*bound, sys.executable, "-m", "pipeline.run", "--dry-run")
    assert not [*home.iterdir()]
