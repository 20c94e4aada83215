"""Resources of jobs are predicted before they run, equally for Snakemake and the planner, and enforced."""

import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from collapse.models import memory
from pipeline import preflight
from pipeline.costs.plan import Plan, merged, table
from pipeline.costs.planned import job, planned
from pipeline.costs.resources import JobNeeds
from pipeline.costs.schedule import longest_ways, makespan
from pipeline.run import machine
from pipeline.run.__main__ import memory_limit
from tests.project import ROOT, Project, overlay

MINI = ROOT / "tests" / "mini.yaml"
NOWHERE = Path("nowhere")
MANY_KINDS = {  # of jobs that mini does not have, and of arms that read what others wrote
    "parts": ["text"],
    "base_model": {"pretraining": {"sizes": {"wide": {"width": 32}}}},
    "text": {
        "seeds": [1, 2],
        "arms": ["replace"],
        "generate": {"shards": 2, "batch_blocks": 4},
        "questions": {
            "pool": {"asks": "?", "arms": ["together", "wide", "marked", "judged", "grown"], "reference": "grown"},
        },
    },
    "arms": {
        "together": {"policy": "pool", "writers": ["together", "unasked"], "writer_seeds": "all"},
        "unasked": {"policy": "replace", "decoder": "sample", "prompts": "previous"},
        "wide": {"policy": "replace", "size": "wide", "initialization": "previous"},
        "marked": {"policy": "watermark_filter", "z_threshold": 4.0, "decoder": "sample", "watermark_bias": 1.0},
        "judged": {"policy": "replace", "decoder": "sample", "candidates": 2, "verifier": "typical"},
        "grown": {"policy": "accumulate", "model_selection": "validation"},
    },
}


def configuration(**over) -> dict:
    return overlay(merged([MINI]), over)


@pytest.mark.parametrize("over", [{}, MANY_KINDS], ids=["mini", "many kinds"])
def test_the_planner_counts_the_jobs_that_snakemake_plans(tmp_path, over):
    project = Project.create(tmp_path)
    project.configure(over)
    written = tmp_path / "over.yaml"
    written.write_text(yaml.safe_dump(over))
    graph = planned(merged([MINI, written]))
    assert Counter(one.rule for one in graph) == project.plan()
    assert all(before in graph for parents in graph.values() for before in parents)


def test_a_plan_in_numbers_computed_by_hand():
    """Plan one layer, one wide arm, one seed, two generations, at ten thousand operations a second."""
    config = configuration(
        gigaflops=1e-5,
        parts=["text"],
        base_model={"pretraining": {"width": 16, "layers": 1, "vocabulary_size": 320}},
        text={"seeds": [1], "arms": ["replace"], "generations": 2, "finetune": {"epochs": 2}},
    )
    plan = Plan(config, NOWHERE)
    rows = {row.rule: row for row in plan.rows()}
    assert {rule: rows[rule].jobs for rule in ("mix", "finetune", "generate", "evaluate")} == {
        "mix": 2,
        "finetune": 2,
        "generate": 2,
        "evaluate": 2,
    }
    # 12 blocks of 16 tokens: 24·16² a token, attention 4·16 for each of 16·17/2 pairs, logits 2·320·16 of 15; thrice
    block = 3 * (24 * 16**2 * 16 + 4 * 16 * 136 + 2 * 320 * 16 * 15)
    layer_steps = 3 * 2 * 2  # forward and backward, 2 epochs of 2 batches
    seconds = 0.1 + 2 * 12 * block * (1 + 140 / 16) / 10_000 + layer_steps * 0.0005
    assert rows["finetune"].longest == pytest.approx(seconds)
    assert rows["finetune"].core_seconds == pytest.approx(2 * seconds)
    weights = 320 * 16 + 34 * 16 + 12 * 16**2 + 13 * 16 + 2 * 16
    assert rows["finetune"].disk == 2 * 4 * weights
    assert re.search(rf"finetune +2 +{2 * seconds / 3600:.2f} ", table(plan, [1]))


def test_workers_shorten_a_run_to_its_longest_chain_and_no_further():
    parents = {"a": [], "b": ["a"], "c": ["b"], "d": [], "e": [], "f": ["c", "d", "e"]}
    seconds = {"a": 2.0, "b": 2.0, "c": 2.0, "d": 3.0, "e": 3.0, "f": 1.0}
    one = dict.fromkeys(parents, 1)
    assert makespan(parents, seconds, 1, one) == 13
    assert makespan(parents, seconds, 2, one, longest_first=True) == 7
    assert makespan(parents, seconds, 9, one) == 7 == max(longest_ways(parents, seconds).values())
    assert makespan(parents, seconds, 2, dict.fromkeys(parents, 2)) == 13  # each takes both


def test_a_model_from_the_hub_is_planned_at_its_own_size():
    sizes = {}
    for preset in ("as-paper", "opt-350m"):
        config = merged([ROOT / "presets" / f"{preset}.yaml"])
        sizes[preset] = Plan(config, NOWHERE).needs[job("fetch_base_model")].disk
    # with positions and norms; transformers' own count is 125,239,296 and, two small matrices aside, 331,196,416
    assert sizes["as-paper"] == pytest.approx(4 * 125_239_296, rel=0.001)
    assert sizes["opt-350m"] == pytest.approx(4 * 331_196_416, rel=0.1)


def test_a_model_of_unknown_size_is_counted_as_a_guess_and_refused_by_nothing(tmp_path):
    hub = {"source": "hub", "repository": "someone/a-model-of-their-own", "revision": "0" * 40}
    plan = Plan(configuration(base_model=hub, parts=["text"]), tmp_path)
    assert "someone/a-model-of-their-own is neither known nor here: counted as OPT-125m" in table(plan, [1])
    preflight.check_memory(plan.config | {"memory_gigabytes": 0.5}, tmp_path)
    preflight.check_machine(plan)


def test_a_job_that_was_too_small_asks_for_more():
    asked = JobNeeds(configuration(), NOWHERE).of("finetune")
    place = SimpleNamespace(items=lambda: {"arm": "replace", "seed": "1", "generation": "1"}.items())
    for name in ("mem_mb", "runtime"):
        assert asked[name](place, attempt=2) > asked[name](place, attempt=1)


def test_a_job_larger_than_the_machine_is_refused_before_anything_is_computed(tmp_path):
    project = Project.create(tmp_path)
    project.configure({"parts": ["mixture"], "mixture": {"chains": 10_000, "samples": [1_000_000]}})
    text = project.snakemake("--cores", "1", check=False)
    assert re.search(
        r"this machine has [\d.]+ GB of memory, and simulate_mixture original overlapping samples 1000000 \w+ \d+"
        r" needs about 1500\.4 GB, [\d.]+ GB more than there are; lower mixture\.chains or mixture\.samples",
        text,
    )
    assert not list(project.results.rglob("*.parquet"))


def test_jobs_that_fit_the_machine_are_not_refused():
    preflight.check_machine(Plan(configuration(), NOWHERE))


def test_a_model_from_the_hub_that_does_not_fit_is_refused_before_it_is_fetched():
    config = merged([ROOT / "presets" / "as-paper.yaml"]) | {"memory_gigabytes": 4}
    with pytest.raises(
        memory.TooLittleMemory, match=r"memory_gigabytes: 4: text\.finetune would take about 1[0-9]\.\d"
    ):
        preflight.check_memory(config, NOWHERE)


def test_local_runs_share_the_memory_that_is_free_and_others_are_let_be():
    option, limit = memory_limit(["all", "--cores", "4"])
    assert option == "--resources"
    assert 0 < int(limit.removeprefix("mem_mb=")) <= machine.memory_bytes() / 1e6
    assert memory_limit(["--resources", "mem_mb=100"]) == memory_limit(["--profile=profiles/slurm"]) == []


def test_another_speed_changes_predictions_and_no_job(tmp_path):
    project = Project.create(tmp_path)
    project.configure({"parts": ["three_errors"]})
    project.snakemake("--cores", "1")
    project.configure({"gigaflops": 1})
    assert project.plan() == {"write_configuration": 1}  # which shows every key
