"""Wrong input is refused before any work. The message names the input and the remedy."""

import json
import math
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from pipeline import preflight
from tests.faults.test_hostile_configuration import REFUSALS
from tests.project import ENVIRONMENT, ROOT, UNPRIVILEGED, Project, overlay


@pytest.fixture
def config(golden, tmp_path, monkeypatch) -> dict:
    """The configuration of the golden run, read beside a copy of what a check reads of its results."""
    (tmp_path / "tests").symlink_to(golden.folder / "tests")
    for name in ("base", "corpus"):
        shutil.copytree(golden.results / name, tmp_path / "results" / "mini" / name)
    monkeypatch.chdir(tmp_path)
    return yaml.safe_load((golden.folder / "config.yaml").read_text())


def idx(*sizes: int) -> bytes:
    """Return the bytes of an idx file of zeros."""
    header = bytes([0, 0, 8, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)
    return header + bytes(math.prod(sizes))


HUB = {"source": "hub", "repository": "nobody/nothing", "revision": "0" * 40}
NAMES = {f"{split}_{kind}": f"{kind}.idx" for split in ("train", "test") for kind in ("images", "labels")}
TEXT = {"corpus": {"source": "files", "folder": ".", "files": {"train": "a.txt", "test": "a.txt"}}}
IMAGES = {"vae": {"images": {"source": "files", "folder": ".", "files": NAMES, "train_images": None}}}


@pytest.mark.parametrize(
    ("over", "content", "message"),
    [
        ({"text": {"generations": 0}}, None, r"text\.generations is 0; it must be at least 1"),
        (TEXT, None, r"a\.txt: no such file; check corpus\.folder and corpus\.files"),
        (TEXT, b"", r"a\.txt: the file holds no text to train on; give a file with text"),
        (TEXT, b"too short", r"a\.txt: 9 bytes, shorter than one block of 16 tokens; give more text"),
        (TEXT, "café".encode("latin-1"), r"a\.txt: not UTF-8 text \(byte 0xe9 at position 3\); convert it"),
        (IMAGES, idx(20, 8, 8)[:-9], r"images\.idx: truncated: 1287 bytes, by its header 1296; fetch it again"),
        (IMAGES, idx(20, 8, 12), r"images\.idx: 8 × 12 pixels, need a square with a side of 4, 8, …; crop or pad them"),
        (IMAGES, idx(20), r"images\.idx: 1 dimensions, images have 3; are images and labels swapped\?"),
        (
            {"memory_gigabytes": 1, "text": {"generate": {"batch_blocks": 65_536}}},
            None,
            r"memory_gigabytes: 1: text\.generate would take about .* GB; raise it, or lower text\.generate\.batch",
        ),
    ],
)
def test_wrong_input_is_refused_by_name(config, tmp_path, over, content, message):
    (tmp_path / "labels.idx").write_bytes(idx(20)[:-1] + b"\x01")
    if content is not None:
        (tmp_path / ("images.idx" if over is IMAGES else "a.txt")).write_bytes(content)
    with pytest.raises(REFUSALS, match=message):
        preflight.check(overlay(config, over))


def test_results_of_another_schema_version(config, tmp_path):
    path = tmp_path / "results/mini/corpus/train.manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 0}))
    message = r"manifest\.json: schema version 0, but this code reads version 1; remove the results"
    with pytest.raises(REFUSALS, match=message):
        preflight.check(config)


@pytest.mark.parametrize("key", ["base_model", "corpus", "vae.images"])
def test_a_hub_without_a_network(config, tmp_path, monkeypatch, key):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    over = {"vae": {"images": HUB}} if key == "vae.images" else {key: HUB}
    message = rf"{key}\.source: hub: no connection to http://127\.0\.0\.1:9 .*; check the network"
    with pytest.raises(REFUSALS, match=message):
        preflight.check_hub(overlay(config, over), tmp_path / "nothing")


def refused(project: Project, *options: str) -> str:
    """Run Snakemake, check that it started no job, and return its output."""
    text = project.snakemake("--cores", "1", *options, check=False)
    assert "Traceback" not in text, text
    assert project.executed() == {}
    return text


def test_what_is_refused_is_one_message_without_a_traceback_and_no_job_starts(mini):
    rules = (ROOT / "workflow/rules/common.smk").read_text()
    kinds = re.search(r"^REFUSALS = \((.*)\)", rules, re.MULTILINE)[1].split(", ")
    assert {one.split(".")[-1] for one in kinds} == {one.__name__ for one in REFUSALS}
    weights = mini.results / "base" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    mini.configure({"text": {"seeds": [1, 2, 3]}})
    message = "base/model.safetensors: differs from its manifest (sha256 or size); delete it and run again"
    assert message in refused(mini)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("size=1m", r"MB free, the run needs about [\d.]+ MB more; free space, or ask for fewer"),
        ("size=100m,ro", r"results/mini: cannot be written to \(Read-only file system\); make it writable"),
    ],
)
def test_a_full_disk_and_a_read_only_folder(mini, options, message):
    shutil.rmtree(mini.results)
    mini.results.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(mini.results)], capture_output=True)
    if mount.returncode != 0:
        pytest.skip(f"no tmpfs here: {mount.stderr.decode()}")
    try:
        assert re.search(message, refused(mini))
    finally:
        subprocess.run(["umount", str(mini.results)], check=True)


def test_a_home_that_cannot_be_written_is_not_needed(tmp_path, monkeypatch):
    project = Project.create(tmp_path / "project")
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    monkeypatch.setitem(ENVIRONMENT, "HOME", str(home))
    monkeypatch.delitem(ENVIRONMENT, "XDG_CACHE_HOME", raising=False)
    project.command(*UNPRIVILEGED, sys.executable, "-m", "pipeline.run", "--dry-run")
    assert not [*home.iterdir()]
