"""Every step that reads a truncated file, or a file with a flipped bit, refuses it by name."""

import contextlib
import importlib
import re
import shlex

import pytest

from collapse.artefacts import ArtefactError
from tests.faults.test_refusals import PLACE, evaluate, finetune, generate, mix

RESULTS = "results/mini"
SUMMARY = (
    f"--text {RESULTS}/text --arm replace replace 3 --seed 1 --generations 3 --confidence 0.9 --resamples 9 "
    "--histogram-bins-per-decade 9 --improbable-quantile 0.9"
)
PRETRAINING = (
    f"--text {RESULTS}/base/pretraining --layers 1 --width 16 --heads 2 --positions 32 --dropout 0 --epochs 1 --seed 0 "
    "--batch-blocks 8 --micro-batch-blocks 4 --learning-rate 0.01 --final-learning-rate 0 --weight-decay 0 "
    "--precision float32 --device cpu --threads 1 --memory-gigabytes 4 --checkpoint-minutes 0 --checkpoint out/saved "
    "--output out"
)
SOURCE = (
    "--source pydoc --validation-fraction 0.05 --test-fraction 0.15 --text-column text --block-tokens 16 "
    f"--tokenizer {RESULTS}/base/pretraining/tokenizer.json "
    f"--tokenizer-manifest {RESULTS}/base/pretraining/manifest.json"
)
MIXTURE = (
    "--original overlapping --samples 50 --generation 10 "
    f"--previous {RESULTS}/mixture/overlapping/samples50/generation5 --output out "
    "--chains 4 --seed 1 --threads 1 --max-iterations 9 --tolerance 0.1 --regularization 0"
)


def of_link(options: str, generation: int = 1) -> str:
    return f"--arm replace --seed 1 --generation {generation} {options}"


@pytest.fixture(scope="module")
def finished(golden, tmp_path_factory):
    """A copy of the golden run, which other tests read at the same time."""
    return golden.copy(tmp_path_factory.mktemp("finished") / "project")


@pytest.mark.parametrize(
    ("script", "options", "damaged"),
    [
        ("pretrain", PRETRAINING, "base/pretraining/blocks.parquet"),
        ("prepare_corpus", f"{SOURCE} --split test --output out/a --manifest out/b", "base/pretraining/tokenizer.json"),
        ("find_passage", f"{SOURCE} --search the --output out/a", "base/pretraining/tokenizer.json"),
        ("mix", of_link(mix(PLACE), 2), "corpus/train.parquet"),
        ("mix", of_link(mix(PLACE), 2), "text/replace/seed1/generation1/synthetic.parquet"),
        ("finetune", of_link(finetune(PLACE)), "text/replace/seed1/generation1/training.parquet"),
        ("finetune", of_link(finetune(PLACE)), "base/model.safetensors"),
        ("generate", of_link(generate(PLACE)), "text/replace/seed1/generation1/model/model.safetensors"),
        ("generate", of_link(generate(PLACE)), "corpus/train.parquet"),
        ("evaluate", of_link(evaluate(PLACE)), "text/replace/seed1/generation1/model/model.safetensors"),
        ("evaluate", of_link(evaluate(PLACE)), "text/replace/seed1/generation0/model/model.safetensors"),
        ("evaluate", of_link(evaluate(PLACE)), "text/replace/seed1/generation1/synthetic.parquet"),
        ("evaluate", of_link(evaluate(PLACE)), "corpus/test.parquet"),
        ("summarize", SUMMARY, "text/replace/seed1/generation2/scores.parquet"),
        ("summarize", SUMMARY, "text/replace/seed1/generation2/metrics.json"),
        ("simulate_mixture", MIXTURE, "mixture/overlapping/samples50/generation5/chains.parquet"),
    ],
)
def test_a_damaged_file_is_refused_by_name(finished, script, options, damaged):
    path = finished.results / damaged
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    main = importlib.import_module(f"scripts.{script}").main
    try:
        for content in (bytes(flipped), whole[: len(whole) // 2], b""):
            path.write_bytes(content)
            with contextlib.chdir(finished.folder), pytest.raises(ArtefactError, match=re.escape(damaged)) as refusal:
                main(["--code", "x", *shlex.split(options)])
            assert "differs from its manifest" in str(refusal.value) and "run again" in str(refusal.value)
            assert not (finished.folder / "out").exists()
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"schema_version": 1, "kind": "human text"}'])
def test_a_damaged_manifest_is_refused_by_name(finished, content):
    path = finished.results / "corpus" / "train.manifest.json"
    whole = path.read_bytes()
    main = importlib.import_module("scripts.mix").main
    try:
        path.write_text(content)
        with (
            contextlib.chdir(finished.folder),
            pytest.raises(ArtefactError, match=r"train\.manifest\.json: .* run again"),
        ):
            main(["--code", "x", *shlex.split(of_link(mix(PLACE), 2))])
    finally:
        path.write_bytes(whole)
