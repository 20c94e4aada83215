import errno
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from collapse import artefacts
from collapse.artefacts import (
    ArtefactError,
    checked_manifest,
    read_manifest,
    sha256,
    whole_file,
    write_json,
    write_manifest,
)
from collapse.models.transformers_files import write_model
from collapse.tables import read_blocks, write_blocks
from collapse.training.checkpoint import Checkpoint
from tests.models import random_opt


@pytest.fixture
def made(tmp_path):
    """Write a data file and its manifest."""
    write_json(tmp_path / "data.json", {"a": 1})
    made, options = tmp_path / "manifest.json", {"seed": 1, "decoder": "beam_search"}
    write_manifest(made, kind="corpus", files=[tmp_path / "data.json"], parents=[], code="c0de", options=options)
    return made


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(KeyError), whole_file(path) as temporary:
        temporary.write_text("half")
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    path.write_text("old")
    with whole_file(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_leaves_nothing_and_says_what_to_do(tmp_path):
    with pytest.raises(ArtefactError, match=r"no space left .* run again"), whole_file(tmp_path / "a") as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def full_disk(tmp_path):
    """Mount a file system with space for a few nearly empty files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs here: {mounted.stderr.decode()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_blocks(path, np.random.default_rng(0).integers(0, 2**30, (9999, 16)), {}),
        lambda path: write_json(path, "x" * 99_999),
        lambda path: Checkpoint(path, 1, "x").save({"weights": torch.rand(99_999)}, {}),
        lambda path: write_model(random_opt(vocabulary_size=3000), path),
    ],
)
def test_every_writer_tells_of_a_disk_that_is_full(full_disk, write):
    with pytest.raises(ArtefactError, match=r"disk/data.*: no space left .* run again: the run continues from here"):
        write(full_disk / "data")
    assert not [path for path in full_disk.rglob("*") if path.is_file()]


def test_a_file_and_its_name_are_on_the_disk_before_anything_follows(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(str(Path(f"/proc/self/fd/{number}").readlink())))
    write_json(tmp_path / "a.json", 1)
    assert synced[0].endswith(".part") and synced[1:] == [str(tmp_path)]


def test_blocks_come_back_in_order(tmp_path):
    blocks = np.arange(12, dtype=np.int32).reshape(3, 4)
    write_blocks(tmp_path / "a.parquet", blocks, {"source_block": np.arange(3)})
    read, table = read_blocks(tmp_path / "a.parquet")
    assert (read == blocks).all()
    assert table.column("source_block").to_pylist() == [0, 1, 2]


def test_the_same_blocks_are_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_blocks(tmp_path / name, np.ones((3, 4), np.int32), {"arm": ["x", "y", "z"]})
    assert sha256(tmp_path / "a") == sha256(tmp_path / "b")


def test_a_manifest_vouches_for_its_files(made):
    checked_manifest(made, "corpus", {"seed": 1})
    (made.parent / "data.json").write_text('{\n "a": 2\n}\n')  # same size, one digit flipped
    with pytest.raises(ArtefactError, match=r"data\.json: differs from its manifest"):
        checked_manifest(made, "corpus")
    (made.parent / "data.json").unlink()
    with pytest.raises(ArtefactError, match=r"data\.json: missing although"):
        checked_manifest(made, "corpus")


@pytest.mark.parametrize("expected", [{"seed": 2}, {"decoder": "greedy"}, {"arm": "replace"}])
def test_an_artefact_of_another_seed_arm_or_decoder_is_refused(made, expected):
    with pytest.raises(ArtefactError, match=next(iter(expected))):
        read_manifest(made, "corpus", expected)


def test_another_kind_or_schema_version_is_refused(made):
    with pytest.raises(ArtefactError, match="expected a model"):
        read_manifest(made, "model")
    manifest = json.loads(made.read_text()) | {"schema_version": artefacts.SCHEMA_VERSION + 1}
    made.write_text(json.dumps(manifest))
    with pytest.raises(ArtefactError, match=r"schema version 2, but this code reads version 1; remove the results"):
        read_manifest(made, "corpus")


def test_a_number_that_is_none_is_not_written(tmp_path):
    with pytest.raises(ValueError):
        write_json(tmp_path / "a.json", {"perplexity": float("nan")})
    assert list(tmp_path.iterdir()) == []
