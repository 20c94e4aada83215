"""Mistakes in published code of this field; a test prevents each.

Tests in unit/ prevent others: decoding flags reach the decoder (decoding/test_beam_search.py); artefacts of another
seed or decoder are refused (faults/test_refusals.py); the definition of perplexity (measures/test_perplexity.py).
"""

import csv
import inspect
import json
import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from collapse.measures import diversity
from collapse.tables import read_blocks


def test_every_artefact_states_the_decoder_that_made_it(golden):
    paths = (golden.results / "text").rglob("synthetic.manifest.json")
    found = [json.loads(path.read_text()) for path in paths]
    assert len(found) == 12
    for manifest in found:
        assert manifest["options"]["decoder"] == "beam_search"
        own = {"num_beams": 2, "repetition_penalty": 1.0}
        common = {"engine": "collapse", "precision": "float32", "batch_blocks": 8}
        assert manifest["options"]["decoder_options"] == common | own


def test_seeds_read_their_own_data_and_end_apart(golden):
    for arm in ("replace", "preserve_10pct"):
        seeds = {}
        for seed in (1, 2):
            folder = golden.results / "text" / arm / f"seed{seed}" / "generation2"
            manifest = json.loads((folder / "training.manifest.json").read_text())
            assert all(f"seed{seed}/" in parent for parent in manifest["parents"] if "/text/" in parent)
            seeds[seed] = read_blocks(folder / "training.parquet")[0]
        assert (seeds[1] != seeds[2]).any()


def test_all_generations_start_from_the_base_model_with_one_set_of_options(golden):
    chosen = ("epochs", "batch_blocks", "learning_rate", "final_learning_rate", "weight_decay", "threads")
    by_arm: dict[str, set] = {}
    for path in (golden.results / "text").rglob("model/manifest.json"):
        manifest = json.loads(path.read_text())
        options, parents = manifest["options"], manifest["parents"]
        base = parents["results/mini/base/manifest.json"]
        by_arm.setdefault(options["arm"], set()).add((base, *(options[name] for name in chosen)))
    assert {arm: len(variants) for arm, variants in by_arm.items()} == {"preserve_10pct": 1, "replace": 1}


def test_the_last_generation_is_in_every_table_and_every_measure_is_reported(golden):
    text = golden.results / "text"
    for name in ("summary.csv", "intervals.csv", "continuations.csv", "perplexity_by_arm.csv"):
        with open(text / name, newline="") as file:
            assert {row["generation"] for row in csv.DictReader(file)} - {""} == {"0", "1", "2"}, name
    with open(text / "summary.csv", newline="") as file:
        reported = {row["metric"] for row in csv.DictReader(file)}
    functions = inspect.getmembers(diversity, inspect.isfunction)
    measures = {name for name, one in functions if one.__module__ == diversity.__name__ and not name.startswith("_")}
    assert {name.replace("distinct_ngrams", "distinct_4") for name in measures} <= reported


def test_a_job_that_fails_fails_the_run(mini):
    script = mini.folder / "scripts" / "summarize.py"
    script.write_text("raise SystemExit(3)\n")
    text = mini.run(check=False)
    assert "summarize" in text and "Stopped before the end" in text
    assert "summarize" not in mini.executed()


@pytest.mark.parametrize("generation", [0, 2])
def test_diversity_is_of_the_output_and_never_of_the_prompt(golden, generation):
    folder: Path = golden.results / "text" / "replace" / "seed1" / f"generation{generation}"
    blocks, table = read_blocks(folder / "synthetic.parquet")
    assert blocks.shape == (12, 16)  # the new tokens alone
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["distinct_4"] == diversity.distinct_ngrams(blocks, 4)
    assert metrics["identical_blocks"] == diversity.identical_blocks(blocks)
    assert table.column("source_block").to_pylist() == list(range(12))


def test_the_preserved_share_comes_from_the_true_originals_in_every_generation(golden):
    human = read_blocks(golden.results / "corpus" / "train.parquet")[0]
    for path in (golden.results / "text" / "preserve_10pct").rglob("training.parquet"):
        blocks, table = read_blocks(path)
        kept = [row for row, origin in enumerate(table.column("origin").to_pylist()) if origin == "human"]
        assert len(kept) == (12 if "generation0" in str(path) else 1)
        for row in kept:
            assert (blocks[row] == human[table.column("source_block")[row].as_py()]).all()


def test_scores_add_up_to_the_reported_perplexity(golden):
    folder = golden.results / "text" / "replace" / "seed1" / "generation1"
    table = pq.read_table(folder / "scores.parquet", filters=[("text", "==", "test")]).to_pydict()
    metrics = json.loads((folder / "metrics.json").read_text())
    assert math.exp(sum(table["loss"]) / sum(table["tokens"])) == pytest.approx(metrics["test_perplexity"], rel=1e-5)
    without = math.exp(sum(table["loss_without_end_of_text"]) / sum(table["tokens_without_end_of_text"]))
    assert without == pytest.approx(metrics["test_perplexity_without_end_of_text"], rel=1e-5)
    assert metrics["test_tokens"] == sum(table["tokens"])
