"""A script refuses the input of another seed, arm, generation or decoder."""

import contextlib
import importlib
import io
import re
import shlex
from functools import partial

import pytest

from scripts.shared import job
from tests.project import LINK, Project

HERE, OTHER_SEED = "replace/seed1/generation1", "replace/seed2/generation1"
EARLIER, OTHER_ARM = "replace/seed1/generation0", "preserve_10pct/seed1/generation1"
MIX, FINETUNE = f"{LINK}2/training.manifest.json", f"{LINK}1/model/config.json"
GENERATE, EVALUATE = f"{LINK}1/synthetic.manifest.json", f"{LINK}1/manifest.json"


def refused(project: Project, output: str, old: str, new: str, message: str) -> None:
    """Do the job that made a result with a changed option; it must fail with a message and write nothing."""
    script, options = project.job(output)
    assert old in options
    main = partial(importlib.import_module(f"scripts.{script}").main, shlex.split(options.replace(old, new)))
    with (
        contextlib.chdir(project.folder),
        contextlib.redirect_stderr(io.StringIO()) as printed,
        pytest.raises(SystemExit),
    ):
        job.run(main)
    assert not (project.folder / "out").exists()
    assert re.search(rf"^error: .*{message}", printed.getvalue(), re.MULTILINE), printed.getvalue()


@pytest.mark.parametrize("output", [MIX, FINETUNE, GENERATE, EVALUATE])
def test_input_of_another_seed_arm_or_generation(golden, output):
    refused(golden, output, HERE, OTHER_SEED, "made with seed 2, expected 1")
    refused(golden, output, HERE, OTHER_ARM, "made with arm 'preserve_10pct', expected 'replace'")
    refused(golden, output, HERE, EARLIER, "made with generation 0, expected 1")


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        ("--num-beams 2", "--num-beams 3", "decoder_options"),
        ("penalty 1.0", "penalty 2.0", "decoder_options"),
        ("engine collapse", "engine transformers", "decoder_options"),
        (" --precision float32", " --precision bfloat16", "decoder_options"),
        ("--prompts original", "--prompts previous", "prompts 'original', expected 'previous'"),
    ],
)
def test_text_of_another_decoder(golden, old, new, differs):
    refused(golden, EVALUATE, old, new, f"made with {differs}")


def test_an_option_that_the_decoder_lacks_or_has_not(golden):
    beams = "--num-beams 2"
    refused(golden, GENERATE, beams, "", "--num-beams is missing; decoder beam_search needs it")
    message = "--top-k: decoder beam_search has --num-beams, --repetition-penalty; leave it out"
    refused(golden, GENERATE, beams, f"{beams} --top-k 5", message)


@pytest.mark.parametrize("output", [GENERATE, EVALUATE, FINETUNE])
def test_a_job_that_would_take_too_much_memory(golden, output):
    message = r"memory_gigabytes: 0\.3: \w+ would take about .* GB; raise it, or"
    refused(golden, output, "--memory-gigabytes 4", "--memory-gigabytes 0.3", message)


@pytest.mark.parametrize(
    "output",
    ["mixture/overlapping/samples50/generation10/chains.parquet", "mixture/densities.parquet", "discrete/metrics.json"],
)
def test_chains_of_another_seed(golden, output):
    refused(golden, output, "--seed 1", "--seed 2", "made with seed 1, expected 2")


def test_a_passage_that_the_corpus_does_not_hold(golden):
    message = r"text\.passage\.search: 'jackrabbits by tail colour' stands nowhere in the corpus"
    sought = "She found that the third hand", "jackrabbits by tail colour"
    refused(golden, "corpus/passage.json", *sought, message)
