"""Shards of a text are cut between batches and joined to the bytes of one job; foreign shards are refused."""

import json
import shlex
from pathlib import Path

import pytest

from collapse.artefacts import ArtefactError
from scripts import generate, join_shards

MODEL = Path("results/mini/text/replace/seed1/generation1")
PLACE = "--arm replace --seed 1 --generation 1"
COMMON = (
    "--prompts original --precision float32 --batch-blocks 4 --new-tokens 16 --device cpu --threads 1 "
    "--corpus results/mini/corpus"
)
ONE_CANDIDATE = "--candidates 1 --verifier-noise 0 --watermark-share 1"
BEAMS = f"--engine collapse --decoder beam_search --num-beams 2 --repetition-penalty 1.0 {ONE_CANDIDATE}"
DRAWS = (
    "--engine collapse --decoder sample --temperature 0.9 --top-k 50 --top-p 0.95 --repetition-penalty 1.0 "
    f"--watermark-bias 0 {ONE_CANDIDATE}"
)
MARKED = DRAWS.replace("bias 0", "bias 3") + " --watermark-share 0.5"
CURATED = (
    f"{DRAWS} --candidates 3 --verifier typical --verifier-noise 1 "
    "--generation0-model results/mini/text/replace/seed1/generation0/model"
)
JUDGED = CURATED.replace("typical", "humanlike")
THROUGH_TRANSFORMERS = [one.replace("collapse", "transformers") for one in (DRAWS, MARKED)]


@pytest.fixture
def here(golden, tmp_path, monkeypatch):
    """A working directory with the results of the golden run. Output goes to `out`."""
    (tmp_path / "results").symlink_to(golden.results.parent)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(decoder: str, name: str, options: str = "", place: str = PLACE) -> Path:
    model = f"--model {MODEL if place == PLACE else str(MODEL).replace('seed1', 'seed2')}/model"
    files = f"--output out/{name}.parquet --manifest out/{name}.manifest.json"
    generate.main(shlex.split(f"--code x {place} {decoder} {COMMON} {model} {options} --memory-gigabytes 4 {files}"))
    return Path(f"out/{name}.parquet")


def join(decoder: str, *shards: Path, code: str = "x") -> bytes:
    files = f"--shards {' '.join(map(str, shards))} --output out/joined.parquet --manifest out/joined.manifest.json"
    join_shards.main(shlex.split(f"--code {code} {PLACE} {decoder} {COMMON} --model {MODEL}/model {files}"))
    return Path("out/joined.parquet").read_bytes()


@pytest.mark.parametrize("decoder", [BEAMS, DRAWS, MARKED, CURATED, JUDGED, *THROUGH_TRANSFORMERS])
@pytest.mark.parametrize("shards", [2, 5])  # of three batches: with five, two shards are empty
def test_joined_shards_are_the_bytes_of_one_job(here, decoder, shards):
    whole = write(decoder, "whole").read_bytes()
    parts = [write(decoder, f"shard{one}", f"--shard {one} --shards {shards}") for one in range(1, shards + 1)]
    assert join(decoder, *parts) == whole
    manifests = [json.loads(Path(f"out/{name}.manifest.json").read_text()) for name in ("whole", "joined")]
    assert manifests[0].pop("files") != manifests[1].pop("files")  # by name
    assert manifests[0] == manifests[1]


def test_what_does_not_belong_together_is_refused(here):
    first, second = (write(BEAMS, f"shard{one}", f"--shard {one} --shards 2") for one in (1, 2))
    other_seed = write(BEAMS, "other", "--shard 2 --shards 2", PLACE.replace("seed 1", "seed 2"))
    other_decoder = write(BEAMS.replace("beams 2", "beams 3"), "three", "--shard 2 --shards 2")
    for shards, message in (
        ((second, first), "made with shard 2, expected 1"),
        ((first,), "made with shards 2, expected 1"),
        ((first, other_seed), "made with seed 2, expected 1"),
        ((first, other_decoder), "made with decoder_options"),
        ((write(BEAMS, "whole"),), "describes a synthetic text, expected a synthetic shard"),
    ):
        with pytest.raises(ArtefactError, match=message):
            join(BEAMS, *shards)
    with pytest.raises(ArtefactError, match=r"shard1\.parquet: made from another model or text, or by other code"):
        join(BEAMS, first, second, code="y")
    second.write_bytes(second.read_bytes()[:-1])
    with pytest.raises(ArtefactError, match=r"shard2\.parquet: differs from its manifest"):
        join(BEAMS, first, second)
    assert not Path("out/joined.parquet").exists()
