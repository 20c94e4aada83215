"""A gallery states the effects, intervals and detectable differences in the tables."""

import csv
import math

import pytest
import yaml

from scripts.write_gallery import main

ASKED = {"asks": "Does it help?", "arms": ["nothing", "half"], "reference": "nothing"}


def results(folder, question=ASKED):
    """Write results of three seeds: the loss rises by 1.0, 1.1 and 1.2 nats, and half as much with the remedy."""
    rows = []
    for arm, share in (("nothing", 1.0), ("half", 0.5)):
        for seed in (1, 2, 3):
            rise = share * (0.9 + seed / 10)
            for generation in (0, 1):
                measures = {
                    "test_perplexity_without_end_of_text": 20 * math.exp(rise * generation),
                    "test_loss_rare_half": 3 + 2 * rise * generation,
                    "test_loss_common_half": 2 + rise * generation,
                    "unigram_entropy": 5.0 - generation,
                    "distinct_4": 0.5 - 0.25 * generation,
                    "training_steps": 100,
                }
                rows += [(arm, seed, generation, *item) for item in measures.items()]
    tables, figures = folder / "text/questions/help", folder / "figures/questions/help"
    tables.mkdir(parents=True)
    figures.mkdir(parents=True)
    with open(tables / "summary.csv", "w", newline="") as file:
        csv.writer(file).writerows([("arm", "seed", "generation", "metric", "value"), *rows])
    for name in ("perplexity", "profile"):
        (figures / f"{name}.png").write_bytes(name.encode())
    text = {"questions": {"help": question} if question else {}, "summary": {"confidence": 0.95}}
    (folder / "config.yaml").write_text(yaml.safe_dump({"text": text}))
    return folder


def test_effects_and_intervals_are_those_of_the_seeds(tmp_path):
    main([str(results(tmp_path / "results")), "--output", str(tmp_path / "gallery")])
    text = (tmp_path / "gallery" / "README.md").read_text()
    # by hand: 1.0, 1.1, 1.2 have mean 1.1 and standard error 0.1 / sqrt(3); Student's t(2) is 4.303, so 1.1 ± 0.248
    assert "rises by +1.10 (+0.85 to +1.35) nats" in text
    assert "It rises less with half −0.55 (−0.67 to −0.43)." in text
    assert "| half | 20.0 → 34.7 | +0.55 (+0.43 to +0.67) | +0.55 (+0.43 to +0.67) | −1.00 (−1.00 to −1.00) |" in text
    assert "steps a generation" not in text  # all arms have as many
    assert (tmp_path / "gallery" / "help-perplexity.png").read_bytes() == b"perplexity"


def test_without_a_reference_nothing_is_compared(tmp_path):
    main([str(results(tmp_path / "results", ASKED | {"reference": None})), "--output", str(tmp_path / "gallery")])
    text = (tmp_path / "gallery" / "README.md").read_text()
    assert "nothing +1.10 (+0.85 to +1.35), half +0.55 (+0.43 to +0.67)" in text and "difference" not in text


@pytest.mark.parametrize("missing", ["questions", "table", "picture"])
def test_unfinished_results_are_refused(tmp_path, capsys, missing):
    folder = results(tmp_path / "results", None if missing == "questions" else ASKED)
    if missing != "questions":
        name = "text/questions/help/summary.csv" if missing == "table" else "figures/questions/help/profile.png"
        (folder / name).unlink()
    with pytest.raises(SystemExit) as stopped:
        main([str(folder), "--output", str(tmp_path / "gallery")])
    assert stopped.value.code == 2 and "error: " in capsys.readouterr().err
    assert not (tmp_path / "gallery" / "README.md").exists()
