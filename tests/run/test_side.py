"""The side experiments of the mini run, which are too small for exact numbers: directional claims."""

import csv
import json

import pytest


def rows(golden, name: str, **chosen: str) -> list[dict[str, str]]:
    with open(golden.results / name, newline="") as file:
        return [row for row in csv.DictReader(file) if all(row[key] == value for key, value in chosen.items())]


def test_a_smaller_sample_collapses_first(golden):
    def distance(samples: str, generation: str) -> float:
        place = {"samples": samples, "generation": generation, "quantity": "l2_distance"}
        return float(rows(golden, "mixture/summary.csv", **place)[0]["median"])

    assert distance("50", "10") > 1.5 * distance("50", "1") > 0
    assert distance("50", "10") > 1.5 * distance("200", "10")


def test_symbols_are_lost(golden):
    for setting in ("die", "zipf"):
        found = rows(golden, "discrete/trajectory.csv", setting=setting, quantity="support")
        left = {row["generation"]: float(row["simulated"]) for row in found}
        assert left["1"] > left["5"] > left["40"] >= 1


def test_expressivity_acts_once_and_the_others_go_on(golden):
    found = {name: rows(golden, "three_errors/errors.csv", error=name) for name in ("statistical", "expressivity")}
    growth = {name: float(one[-1]["simulated"]) / float(one[0]["simulated"]) for name, one in found.items()}
    assert growth["expressivity"] == pytest.approx(1)
    assert growth["statistical"] > 2


def test_every_method_and_seed_of_the_autoencoder_is_in_the_tables(golden):
    found = rows(golden, "vae/summary.csv", metric="latent_mean_sd")
    places = {(row["method"], row["seed"], row["generation"]) for row in found}
    assert places == {(one, "1", str(k)) for one in ("fresh_means", "finite_bernoulli") for k in range(3)}
    assert (golden.results / "figures" / "mixture.gif").read_bytes()[:6] == b"GIF89a"


def test_theory_tables_have_their_columns_and_few_rows_far_from_the_simulation(golden):
    for part in ("discrete", "gaussian"):
        lines = (golden.results / part / "theory.csv").read_text().splitlines()
        assert lines[0] == "quantity,samples,generation,exact,simulated,standard_error"
        metrics = json.loads((golden.results / part / "metrics.json").read_text())
        assert metrics["rows"] == len(lines) - 1 > 20
        assert metrics["rows_beyond_3_standard_errors"] <= 0.03 * metrics["rows"]


def test_where_a_mixture_is_cut_changes_no_bit(mini):
    kept = mini.results / "mixture" / "overlapping" / "samples50" / "generation10" / "chains.parquet"
    before = kept.read_bytes()
    mini.configure({"mixture": {"generations": [0, 3, 10]}})
    mini.snakemake("--cores", "2", str(kept.relative_to(mini.folder)))
    assert mini.executed()["simulate_mixture"] == 2
    assert kept.read_bytes() == before
