"""The whole chain on a model of a few thousand weights: numbers within tolerance, and one claim about direction."""

import json
from pathlib import Path

import pytest

EXPECTED = json.loads((Path(__file__).parent / "metrics.json").read_text())
TOLERANCE = 0.25  # other processors and other Pythons (whose documentation is the text) move these numbers


def test_numbers_are_those_recorded(golden):
    found = json.loads((golden.results / "text" / "metrics.json").read_text())
    assert found.keys() == EXPECTED.keys()
    for arm, measures in EXPECTED.items():
        for measure, generations in measures.items():
            assert found[arm][measure] == pytest.approx(generations, rel=TOLERANCE), (arm, measure)


def test_it_collapses(golden):
    found = json.loads((golden.results / "text" / "metrics.json").read_text())
    for measures in found.values():
        assert measures["test_perplexity"]["generation2"] > 1.2 * measures["test_perplexity"]["generation0"]
        assert measures["vocabulary_coverage"]["generation2"] < measures["vocabulary_coverage"]["generation0"]
