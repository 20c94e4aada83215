"""Lineage of a number, back to human text: every manifest, and whether it is as recorded."""

import json
import re

import pytest

from pipeline.provenance import lineage


@pytest.fixture
def project(mini, monkeypatch):
    monkeypatch.chdir(mini.folder)
    return mini


def test_a_number_leads_back_to_the_human_text(project, capsys):
    assert lineage.main(["results/mini", "preserve_10pct", "2", "2", "test_perplexity"]) == 0
    text = capsys.readouterr().out
    metrics = json.loads((project.results / "text/preserve_10pct/seed2/generation2/metrics.json").read_text())
    assert text.startswith(f"test_perplexity = {metrics['test_perplexity']}\n")
    for generation in (0, 1, 2):
        assert f"results/mini/text/preserve_10pct/seed2/generation{generation}/model/manifest.json" in text
    assert "results/mini/text/replace/seed2/generation0/training.manifest.json" in text  # which both arms share
    assert "results/mini/corpus/train.manifest.json" in text and "results/mini/base/manifest.json" in text
    assert "seed1/" not in text


def test_a_flipped_bit_anywhere_behind_a_number_is_found(project, capsys):
    path = project.results / "text/replace/seed1/generation0/synthetic.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert lineage.main(["results/mini/text/replace/seed1/generation2/metrics.json"]) == 1
    assert "synthetic.parquet" in next(line for line in capsys.readouterr().out.splitlines() if "DIFFERS" in line)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["results/mini", "replay", "1", "1"], "replay: not an arm of this experiment; its arms are replace"),
        (["results/mini", "replace", "9", "1"], "seed 9, generation 1: not in this experiment"),
        (["results/mini", "replace", "1", "1", "charm"], "charm: not in .*; its metrics are .*test_perplexity"),
        (["results/other", "replace", "1", "1"], "config.yaml: missing; give a results folder"),
        (["results/mini/text/summary.csv"], "for a table, give the row"),
    ],
)
def test_what_is_not_there_is_named(golden, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(golden.folder)
    with pytest.raises(SystemExit) as end:
        lineage.main(arguments)
    assert end.value.code == 2
    assert re.search(message, capsys.readouterr().err)
