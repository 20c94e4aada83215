"""Resources of jobs are predicted before they run, equally for Snakemake and the planner, and enforced."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from collapse.models import memory
from pipeline import preflight
from pipeline.configuration import expand
from pipeline.costs.makespan import longest_ways, makespan
from pipeline.costs.resources import JobNeeds
from pipeline.run import machine, snakemake_internals
from pipeline.run.__main__ import limits
from pipeline.run.snakemake_internals import Job
from tests.project import ROOT, Project, overlay

MINI = ROOT / "tests" / "mini.yaml"
NOWHERE = Path("nowhere")
PLACE = {"arm": "replace", "seed": "1", "generation": "1"}
SIDE_PLACES = {
    "simulate_discrete": {"distribution": "die", "samples": "20"},
    "simulate_gaussian": {"variant": "unbiased", "dimensions": "1", "samples": "20"},
    "simulate_mixture": {"original": "overlapping", "samples": "50", "generation": "5"},
    "train_vae": {"method": "fresh_means", "seed": "1", "generation": "1"},
    "evaluate_vae": {"method": "fresh_means", "seed": "1", "generation": "1"},
}
MANY_KINDS = {  # of jobs that mini does not have, and of arms that read what others wrote
    "parts": ["text"],
    "base_model": {"pretraining": {"sizes": {"wide": {"width": 32}}}},
    "text": {
        "seeds": [1, 2],
        "arms": ["replace"],
        "generate": {"shards": 2, "batch_blocks": 4},
        "questions": {
            "pool": {"asks": "?", "arms": ["together", "wide", "marked", "judged", "grown"], "reference": "grown"}
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
    config = overlay(snakemake_internals.configuration([MINI]), over)
    expand(config)
    return config


def plan(project: Project, *options: str) -> str:
    """What `make plan` prints of a project."""
    return project.command(sys.executable, "-m", "pipeline.costs.plan", *options)


def jobs_planned(text: str) -> dict[str, int]:
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+) ", text, re.MULTILINE)}


@pytest.mark.parametrize("over", [{}, MANY_KINDS], ids=["mini", "many kinds"])
def test_the_plan_counts_the_jobs_that_snakemake_plans(tmp_path, over):
    project = Project.create(tmp_path)
    (tmp_path / "over.yaml").write_text(yaml.safe_dump(over))
    planned = jobs_planned(plan(project, "--configfile", "over.yaml", "--cores", "2"))
    counts = project.plan("--configfile", "over.yaml")
    assert planned.pop("all") == counts.total()
    assert {rule: counts[rule] for rule in planned} == planned


def test_a_plan_is_of_a_run_from_nothing_and_refuses_what_a_run_would(mini):
    assert jobs_planned(plan(mini))["finetune"] == 12
    text = mini.command(sys.executable, "-m", "pipeline.costs.plan", "--config", "threads=0", check=False)
    assert re.search(r"^configuration:\n  threads is 0; ", text, re.MULTILINE) and "Traceback" not in text


def test_a_plan_in_numbers_computed_by_hand(tmp_path):
    """One layer, one wide arm, one seed, two generations, at ten thousand operations a second."""
    project = Project.create(tmp_path)
    text = {"seeds": [1], "arms": ["replace"], "generations": 2, "finetune": {"epochs": 2}}
    model = {"pretraining": {"width": 16, "layers": 1, "vocabulary_size": 320}}
    over = {"gigaflops": 1e-5, "parts": ["text"], "base_model": model, "text": text}
    project.configure(over)
    # 12 blocks of 16 tokens: 24·16² a token, attention 4·16 for each of 16·17/2 pairs, logits 2·320·16 of 15; thrice
    block = 3 * (24 * 16**2 * 16 + 4 * 16 * 136 + 2 * 320 * 16 * 15)
    layer_steps = 3 * 2 * 2  # forward and backward, 2 epochs of 2 batches
    seconds = 0.1 + 2 * 12 * block * (1 + 140 / 16) / 10_000 + layer_steps * 0.0005
    weights = 320 * 16 + 34 * 16 + 12 * 16**2 + 13 * 16 + 2 * 16
    one = JobNeeds(configuration(**over), NOWHERE).needs("finetune", PLACE)
    assert one.seconds == pytest.approx(seconds) and one.disk == 4 * weights
    assert re.search(rf"^finetune +2 +{2 * seconds / 3600:.2f} ", plan(project), re.MULTILINE)


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
        config = snakemake_internals.configuration([ROOT / "presets" / f"{preset}.yaml"])
        sizes[preset] = JobNeeds(config, NOWHERE).needs("fetch_base_model", {}).disk
    # with positions and norms; transformers' own count is 125,239,296 and, two small matrices aside, 331,196,416
    assert sizes["as-paper"] == pytest.approx(4 * 125_239_296, rel=0.001)
    assert sizes["opt-350m"] == pytest.approx(4 * 331_196_416, rel=0.1)


def test_a_model_of_unknown_size_is_counted_as_a_guess_and_refused_by_nothing(tmp_path):
    hub = {"source": "hub", "repository": "someone/a-model-of-their-own", "revision": "0" * 40}
    project = Project.create(tmp_path)
    project.configure({"base_model": hub, "parts": ["text"]})
    assert "someone/a-model-of-their-own: size not known before it is fetched; counted as OPT-125m" in plan(project)
    config = configuration(base_model=hub, parts=["text"])
    preflight.check_memory(config | {"memory_gigabytes": 0.5}, tmp_path)
    preflight.check_machine(JobNeeds(config, tmp_path), [Job("finetune", tuple(PLACE.items()))])


def test_a_job_that_was_too_small_asks_for_more():
    resources = JobNeeds(configuration(), NOWHERE).resources()
    place = SimpleNamespace(items=PLACE.items)
    for name in ("mem_mb", "runtime"):
        first, second = (resources[name](place, attempt=attempt, rulename="finetune") for attempt in (1, 2))
        assert second > first


def test_a_job_larger_than_the_machine_is_refused_before_anything_is_computed(tmp_path):
    project = Project.create(tmp_path)
    project.configure({"parts": ["mixture"], "mixture": {"chains": 10_000, "samples": [1_000_000]}})
    text = project.snakemake("--cores", "1", check=False)
    job = r"simulate_mixture original overlapping samples 1000000 \w+ \d+ needs about 1500\.4 GB"
    remedy = r"[\d.]+ GB more; lower mixture\.chains or mixture\.samples"
    assert re.search(rf"this machine has [\d.]+ GB of memory, and {job}, {remedy}", text)
    assert not list(project.results.rglob("*.parquet"))


def test_the_keys_to_lower_are_keys_of_the_configuration():
    config = configuration()
    needs = JobNeeds(config, NOWHERE)
    places = {"finetune": PLACE, "generate": PLACE, "evaluate": PLACE, "pretrain": {}} | SIDE_PLACES
    for rule, place in places.items():
        keys = re.findall(r"[a-z_]+(?:\.[a-z_]+)*", re.sub(r"\bor\b", "", needs.needs(rule, place).lower))
        for key in keys:
            node = config
            for part in key.split("."):
                node = node[part]
        assert keys


def test_a_model_from_the_hub_that_does_not_fit_is_refused_before_it_is_fetched():
    config = snakemake_internals.configuration([ROOT / "presets" / "as-paper.yaml"]) | {"memory_gigabytes": 4}
    message = r"memory_gigabytes: 4: text\.finetune would take about 1[0-9]\.\d"
    with pytest.raises(memory.TooLittleMemory, match=message):
        preflight.check_memory(config, NOWHERE)


def test_local_runs_share_the_memory_that_is_free_and_all_cores_and_others_are_let_be(monkeypatch):
    monkeypatch.chdir(ROOT)

    def limits_of(*options: str) -> list[str]:
        return limits(snakemake_internals.arguments(options))

    option, limit = limits_of("all", "--cores", "4")
    assert option == "--resources"
    assert 0 < int(limit.removeprefix("mem_mb=")) <= machine.memory_bytes() / 1e6
    assert limits_of("-j4", "--resources", "mem_mb=100") == []
    assert limits_of("--resources", "mem_mb=100") == ["--cores", "all"]
    assert limits_of("--executor", "touch") == []
