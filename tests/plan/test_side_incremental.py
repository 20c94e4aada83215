"""After a change in a side experiment, only the jobs that it affects are planned, and none of the text."""

import json
import re

from tests.project import CHAIN

CONFIGURATION = {"write_configuration": 1}
MIXTURE_DRAWN = {"summarize_mixture": 1, "plot_mixture_distance": 1, "plot_mixture_densities": 1, "animate_mixture": 1}
VAE_DRAWN = {"summarize_vae": 1, "plot_vae_images": 1, "plot_vae_latents": 1, "plot_vae_spread": 1}
DISCRETE_DRAWN = {"collect_discrete": 1, "plot_discrete": 1}
GAUSSIAN_DRAWN = {"collect_gaussian": 1, "plot_gaussian": 1, "plot_gaussian_variants": 1}


def test_another_sample_size_or_variant_simulates_itself_alone(mini):
    mini.configure({"discrete": {"samples": [20, 30]}, "gaussian": {"variants": ["unbiased", "accumulate", "biased"]}})
    expected = {"simulate_discrete": 2, "simulate_gaussian": 2} | DISCRETE_DRAWN | GAUSSIAN_DRAWN | CONFIGURATION
    assert mini.plan() == expected
    assert all("samples=30" in where or "variant=biased" in where for rule, where in mini.planned() if "simul" in rule)


def test_a_longer_mixture_goes_on_from_the_last_kept_generation(mini):
    before = {name: data for name, data in mini.bytes().items() if name.startswith("mixture/") and "generation" in name}
    mini.configure({"mixture": {"generations": [0, 5, 10, 12]}})
    assert mini.plan() == {"simulate_mixture": 2} | MIXTURE_DRAWN | CONFIGURATION
    assert all("generation=12" in where for rule, where in mini.planned() if rule == "simulate_mixture")
    mini.run("side")
    assert {name: mini.bytes()[name] for name in before} == before


def test_where_a_mixture_is_cut_changes_no_bit(mini):
    kept = mini.results / "mixture" / "overlapping" / "samples50" / "generation10" / "chains.parquet"
    before = kept.read_bytes()
    mini.configure({"mixture": {"generations": [0, 3, 10]}})
    mini.snakemake("--cores", "2", str(kept.relative_to(mini.folder)))
    assert mini.executed()["simulate_mixture"] == 2
    assert kept.read_bytes() == before


def test_more_generations_of_the_autoencoder_plan_the_new_ones_alone(mini):
    mini.configure({"vae": {"generations": 4}})
    planned = mini.planned()
    assert mini.plan() == {"train_vae": 2, "evaluate_vae": 2} | VAE_DRAWN | CONFIGURATION
    assert {re.search(r"generation=(\d+)", where)[1] for rule, where in planned if rule in ("train_vae",)} == {"3"}


def test_a_new_method_shares_generation_zero(mini):
    mini.configure({"vae": {"methods": ["fresh_means", "finite_bernoulli", "finite_means"]}})
    planned = mini.planned()
    assert mini.plan() == {"train_vae": 2, "evaluate_vae": 2} | VAE_DRAWN | CONFIGURATION
    assert all("method=finite_means" in where for rule, where in planned if rule == "train_vae")


def test_another_evaluation_of_images_trains_no_autoencoder(mini):
    mini.configure({"vae": {"evaluate": {"images": 120}}})
    assert mini.plan() == {"evaluate_vae": 5} | VAE_DRAWN | CONFIGURATION


def test_an_edit_in_the_mixture_leaves_everything_else_alone(mini):
    module = mini.folder / "collapse/theory/mixture.py"
    module.write_text(module.read_text() + "\nEDITED = 1\n")
    assert mini.plan() == {"simulate_mixture": 6} | MIXTURE_DRAWN


def test_a_part_that_is_left_out_is_not_planned(mini):
    mini.configure({"parts": ["discrete"], "discrete": {"seed": 2}, "vae": {"seeds": [5]}, "text": {"seeds": [9]}})
    plan = mini.plan()
    assert not {*CHAIN, "train_vae", "simulate_mixture"} & set(plan)
    assert plan == {"simulate_discrete": 2} | DISCRETE_DRAWN | CONFIGURATION


def test_theory_tables_have_their_columns_and_few_rows_far_from_the_simulation(golden):
    for part in ("discrete", "gaussian"):
        lines = (golden.results / part / "theory.csv").read_text().splitlines()
        assert lines[0] == "quantity,samples,generation,exact,simulated,standard_error"
        metrics = json.loads((golden.results / part / "metrics.json").read_text())
        assert metrics["rows"] == len(lines) - 1 > 20
        assert metrics["rows_beyond_3_standard_errors"] <= 0.03 * metrics["rows"]
