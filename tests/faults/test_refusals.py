"""A script refuses the input of another seed, arm, generation or decoder."""

import contextlib
import importlib
import io
import re
import shlex
from functools import partial

import pytest

from scripts.shared import job
from tests.project import Project

PLACE = "results/mini/text/replace/seed1/generation1"
OTHER_SEED = "results/mini/text/replace/seed2/generation1"
OTHER_ARM = "results/mini/text/preserve_10pct/seed1/generation1"
TRAINING = (
    "--epochs 1 --batch-blocks 4 --micro-batch-blocks 4 --learning-rate 0.001 --final-learning-rate 0 --weight-decay 0 "
    "--precision float32 --device cpu --threads 1 --memory-gigabytes 4 --checkpoint-minutes 0 --checkpoint out/saved "
    "--model-selection none"
)
DECODER = (
    "--engine collapse --prompts original --decoder beam_search --precision float32 --num-beams 2 "
    "--repetition-penalty 1.0 --batch-blocks 8 --new-tokens 16 --device cpu --threads 1 "
    "--candidates 1 --verifier-noise 0 --watermark-share 1"
)
CORPUS = "--corpus results/mini/corpus"
EVALUATION = (
    f"{CORPUS} --tokenizer results/mini/base/tokenizer.json --generation0-model results/mini/text/replace/seed1/"
    "generation0/model --evaluate-precision float32 --evaluate-batch-blocks 64 --memory-gigabytes 4 "
    "--evaluate-frequency-groups 10 --evaluate-repeated-ngram-tokens 4 --evaluate-sample-blocks 100 --evaluate-modes 3 "
    "--evaluate-minority-share 0.1 "
    "--scores out/scores --metrics out/metrics --manifest out/manifest"
)


def error_output(project: Project, script: str, options: str) -> str:
    """Run a script that must fail and write nothing, in this process; return its error output."""
    main = partial(importlib.import_module(f"scripts.{script}").main, shlex.split(options))
    with (
        contextlib.chdir(project.folder),
        contextlib.redirect_stderr(io.StringIO()) as printed,
        pytest.raises(SystemExit),
    ):
        job.run(main)
    assert not (project.folder / "out").exists()
    return printed.getvalue()


def refused(project: Project, script: str, generation: int, options: str, message: str) -> None:
    text = error_output(project, script, f"--code x --arm replace --seed 1 --generation {generation} {options}")
    assert re.search(rf"^error: .*{message}", text, re.MULTILINE), text


def mix(folder: str) -> str:
    return (
        f"--policy replace {CORPUS} --synthetic replace 1 1 {folder}/synthetic.parquet "
        "--output out/training.parquet --manifest out/training.manifest.json"
    )


def finetune(folder: str) -> str:
    return f"--training-set {folder}/training.parquet --base results/mini/base --output out {TRAINING}"


def generate(folder: str) -> str:
    files = "--output out/s.parquet --manifest out/s.manifest.json"
    return f"--model {folder}/model {CORPUS} {DECODER} --memory-gigabytes 4 {files}"


def evaluate(folder: str, decoder: str = DECODER) -> str:
    return f"--model {folder}/model --synthetic {folder}/synthetic.parquet {EVALUATION} {decoder}"


@pytest.mark.parametrize(("script", "generation"), [(mix, 2), (finetune, 1), (generate, 1), (evaluate, 1)])
def test_input_of_another_seed_arm_or_generation(golden, script, generation):
    name = script.__name__
    refused(golden, name, generation, script(OTHER_SEED), "made with seed 2, expected 1")
    refused(golden, name, generation, script(OTHER_ARM), "made with arm 'preserve_10pct', expected 'replace'")
    refused(golden, name, generation + 1, script(PLACE), "made with generation 1, expected 2")


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (("--num-beams 2", "--num-beams 3"), "decoder_options"),
        (("penalty 1.0", "penalty 2.0"), "decoder_options"),
        (("engine collapse", "engine transformers"), "decoder_options"),
        (("float32", "bfloat16"), "decoder_options"),
        (("--prompts original", "--prompts previous"), "prompts 'original', expected 'previous'"),
    ],
)
def test_text_of_another_decoder(golden, change, differs):
    refused(golden, "evaluate", 1, evaluate(PLACE, DECODER.replace(*change)), f"made with {differs}")


def test_an_option_that_the_decoder_lacks_or_has_not(golden):
    missing = generate(PLACE).replace("--num-beams 2", "")
    refused(golden, "generate", 1, missing, "--num-beams is missing; decoder beam_search needs it")
    message = "--top-k: decoder beam_search has --num-beams, --repetition-penalty; leave it out"
    refused(golden, "generate", 1, generate(PLACE) + " --top-k 5", message)


def test_a_job_that_would_take_too_much_memory(golden):
    for script in (generate, evaluate, finetune):
        options = script(PLACE).replace("--memory-gigabytes 4", "--memory-gigabytes 0.3")
        message = r"memory_gigabytes: 0\.3: \w+ would take about .* GB; raise it, or"
        refused(golden, script.__name__, 1, options, message)


def test_chains_of_another_seed(golden):
    common = "--code x --chains 4 --seed 2 --threads 1"
    folder = "results/mini/mixture/overlapping/samples50/generation5"
    mixture = f"{common} --original overlapping --samples 50 --generation 10 --max-iterations 9"
    summary = f"{common} --mixture results/mini/mixture --original overlapping --samples 50"
    theory = "--code x --kind 'discrete chains' --simulation results/mini/discrete/die/samples20"
    for script, options in (
        ("simulate_mixture", f"{mixture} --tolerance 0.1 --regularization 0 --previous {folder} --output out"),
        ("summarize_mixture", f"{summary} --generation 5"),
        (
            "collect_theory",
            f"{theory}/trajectory.csv --seed 2 --chains 300 --trajectory out/a --theory out/b --metrics out/c",
        ),
    ):
        text = error_output(golden, script, options)
        assert re.search(r"^error: .*made with seed 1, expected 2", text, re.MULTILINE), text


def test_a_passage_that_the_corpus_does_not_hold(golden):
    options = (
        "--code x --search 'jackrabbits by tail colour' "
        "--source pydoc --validation-fraction 0.05 --test-fraction 0.15 --text-column text --block-tokens 16 "
        "--tokenizer results/mini/base/tokenizer.json "
        "--tokenizer-manifest results/mini/base/manifest.json --output out/passage.json"
    )
    text = error_output(golden, "find_passage", options)
    assert "text.passage.search: 'jackrabbits by tail colour' stands nowhere in the corpus" in text
