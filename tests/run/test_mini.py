"""The whole chain on a model of a few thousand weights: numbers within tolerances, and one directional claim."""

import json
from pathlib import Path

import pytest

from collapse.tables import read_blocks
from pipeline.provenance import crate

EXPECTED = json.loads((Path(__file__).parent / "metrics.json").read_text())
TOLERANCE = 0.25  # other processors and other Pythons (whose documentation is the text) move these numbers
FEW = 0.02  # and shares of a few n-grams or token types by one or two of them: of 312 4-grams 3 are left, or 6


def test_numbers_are_those_recorded(golden):
    found = json.loads((golden.results / "text" / "metrics.json").read_text())
    assert found.keys() == EXPECTED.keys()
    for arm, measures in EXPECTED.items():
        for measure, generations in measures.items():
            assert found[arm][measure] == pytest.approx(generations, rel=TOLERANCE, abs=FEW), (arm, measure)


def test_it_collapses(golden):
    found = json.loads((golden.results / "text" / "metrics.json").read_text())
    for measures in found.values():
        assert measures["test_perplexity"]["generation2"] > 1.2 * measures["test_perplexity"]["generation0"]
        assert measures["vocabulary_coverage"]["generation2"] < measures["vocabulary_coverage"]["generation0"]


def test_pretraining_reaches_as_far_as_text_is_written(golden):
    """A model writes nonsense at positions without pretraining, and no later measure would show it."""
    blocks, _ = read_blocks(golden.results / "base" / "pretraining" / "blocks.parquet")
    prompts, _ = read_blocks(golden.results / "corpus" / "train.parquet")
    config = json.loads((golden.results / "base" / "config.json").read_text())
    assert blocks.shape[1] == 2 * prompts.shape[1] == config["max_position_embeddings"]


def test_a_crate_describes_all_that_the_run_made_and_reruns_nothing(mini):
    made = {name for name in mini.bytes() if name != "report.html"}
    assert crate.main([str(mini.results), "--date", "2026-01-31"]) == 0
    graph = json.loads((mini.results / "ro-crate-metadata.json").read_text())["@graph"]
    assert {entity["@id"] for entity in graph if entity["@type"] == "File"} == made
    assert mini.planned() == []
