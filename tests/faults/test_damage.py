"""Every step that reads a truncated file, or a file with a flipped bit, refuses it by name."""

import contextlib
import importlib
import re
import shlex

import pytest

from collapse.artefacts import ArtefactError
from scripts import mix
from tests.project import LINK

BLOCKS, TOKENIZER = "base/pretraining/blocks.parquet", "base/pretraining/tokenizer.json"
MIXTURE = "mixture/overlapping/samples50/generation"
MIX, FINETUNE = f"{LINK}2/training.manifest.json", f"{LINK}1/model/config.json"
GENERATE, EVALUATE = f"{LINK}1/synthetic.manifest.json", f"{LINK}1/manifest.json"


@pytest.fixture(scope="module")
def finished(golden, tmp_path_factory):
    """A copy of the golden run, which other tests read at the same time."""
    return golden.copy(tmp_path_factory.mktemp("finished") / "project")


@pytest.mark.parametrize(
    ("output", "damaged"),
    [
        ("base/config.json", BLOCKS),
        ("corpus/test.manifest.json", TOKENIZER),
        ("corpus/passage.json", TOKENIZER),
        *((MIX, name) for name in ("corpus/train.parquet", f"{LINK}1/synthetic.parquet")),
        *((FINETUNE, name) for name in (f"{LINK}1/training.parquet", "base/model.safetensors")),
        *((GENERATE, name) for name in (f"{LINK}1/model/model.safetensors", "corpus/train.parquet")),
        *((EVALUATE, f"{LINK}{generation}/model/model.safetensors") for generation in (0, 1)),
        *((EVALUATE, name) for name in (f"{LINK}1/synthetic.parquet", "corpus/test.parquet")),
        *(("text/block_perplexity.csv", f"{LINK}2/{name}") for name in ("scores.parquet", "metrics.json")),
        (f"{MIXTURE}10/chains.parquet", f"{MIXTURE}5/chains.parquet"),
    ],
)
def test_a_damaged_file_is_refused_by_name(finished, output, damaged):
    path = finished.results / damaged
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    script, options = finished.job(output)
    main = importlib.import_module(f"scripts.{script}").main
    try:
        for content in (bytes(flipped), whole[: len(whole) // 2], b""):
            path.write_bytes(content)
            with contextlib.chdir(finished.folder), pytest.raises(ArtefactError, match=re.escape(damaged)) as refusal:
                main(shlex.split(options))
            assert "differs from its manifest" in str(refusal.value) and "run again" in str(refusal.value)
            assert not (finished.folder / "out").exists()
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"schema_version": 1, "kind": "human text"}'])
def test_a_damaged_manifest_is_refused_by_name(finished, content):
    path = finished.results / "corpus" / "train.manifest.json"
    whole = path.read_bytes()
    message = r"train\.manifest\.json: .* run again"
    _, options = finished.job(MIX)
    try:
        path.write_text(content)
        with contextlib.chdir(finished.folder), pytest.raises(ArtefactError, match=message):
            mix.main(shlex.split(options))
    finally:
        path.write_bytes(whole)
