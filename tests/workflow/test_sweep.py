"""Every policy and every factor runs, from the configuration to the tables; what arms share is made once."""

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq

from collapse.mixing import POLICIES
from tests.workflow.project import Project

SAMPLED = {"policy": "replace", "decoder": "sample"}
ARMS = {
    "released": {"policy": "preserve_loaded", "human_fraction": 0.5},
    "fixed": {"policy": "preserve", "human_draw": "once", "sweep": {"human_fraction": [0.25, 0.5]}},
    "near": {"policy": "provenance_filter", "most_depth": 1},
    "web": {"policy": "growing_web", "share_growth": 0.5},
    "pool": {"policy": "pool", "writers": ["replace", "pool"], "writer_seeds": "own"},
    "small": {"policy": "replace", "sweep": {"blocks": [4, 8]}},
    "wide": {"policy": "replace", "size": "wide"},
    "budget": {"policy": "accumulate", "steps": 5},
    "continued": {"policy": "replace", "initialization": "previous"},
    "selected": {"policy": "replace", "model_selection": "validation"},
    "own_prompts": {"policy": "replace", "prompts": "previous"},
    "greedy": {"policy": "replace", "decoder": "greedy", "repetition_penalty": 2.0},
    "sampled": SAMPLED | {"top_p": 0.9, "sweep": {"temperature": [0.8, 1.0]}},
    "unprompted": SAMPLED | {"prompts": "none", "top_k": 50},
    "curated": SAMPLED | {"candidates": 2, "verifier": "typical", "verifier_noise": 0.5},
    "marked": {
        "policy": "watermark_filter",
        "z_threshold": 1.5,
        "decoder": "sample",
        "watermark_bias": 6.0,
        "watermark_share": 0.5,
    },
}


def test_every_policy_and_factor_runs(mini: Project):
    names = ["replace", "preserve_10pct", "accumulate", "accumulate_subsample", *ARMS]
    question = {"asks": "How much text?", "arms": ["replace", "small"], "reference": "replace"}
    mini.configure(
        {
            "parts": ["text"],
            "base_model": {"pretraining": {"sizes": {"wide": {"width": 24}}}},
            "arms": ARMS,
            "text": {"arms": names, "seeds": [1], "questions": {"amount": question}},
        }
    )
    planned = mini.planned("text")
    mini.run("text")
    assert mini.plan("text") == {}
    arms = expanded(names)
    with open(mini.results / "text" / "summary.csv", newline="") as file:
        rows = [*csv.DictReader(file)]
    places = {(arm, str(k)) for arm in arms for k in range(3)}
    assert {(row["arm"], row["generation"]) for row in rows if row["metric"] == "test_perplexity"} == places
    with open(mini.results / "text" / "questions" / "amount" / "comparisons.csv", newline="") as file:
        compared = {(row["first"], row["second"]) for row in csv.DictReader(file)}
    assert compared == {("small-blocks-4", "replace"), ("small-blocks-8", "replace")}
    laws = {row["arm"] for row in rows if row["metric"] == "scaling_exponent"}
    assert laws == {"replace", "small-blocks-4", "small-blocks-8"}
    default = {"replace", "preserve", "accumulate", "accumulate_subsample"}
    assert default | {arm["policy"] for arm in ARMS.values()} == {*POLICIES}
    trained = sum(rule == "finetune" for rule, _ in planned)
    assert trained < len(arms) * 3 - 10  # most arms share generation 0's model, which the run before has made

    marks = pq.read_table(link(mini, "marked") / "synthetic.parquet").column("marked").to_pylist()
    assert 0 < sum(marks) < len(marks)
    metrics = json.loads((link(mini, "marked") / "metrics.json").read_text())
    assert metrics["watermark_flagged_marked"] > metrics["watermark_flagged_human"]
    model = json.loads((link(mini, "selected") / "model" / "manifest.json").read_text())["options"]
    assert len(model["validation_loss_by_epoch"]) == model["epochs"]
    model = json.loads((link(mini, "budget") / "model" / "manifest.json").read_text())["options"]
    assert [model[f"training_{name}"] for name in ("blocks", "steps", "tokens")] == [24, 5, 5 * 8 * 16]
    parents = json.loads((link(mini, "continued") / "model" / "manifest.json").read_text())["parents"]
    assert any(parent.endswith("generation0/model/manifest.json") for parent in parents)
    assert not any("/base/" in parent for parent in parents)


def expanded(names: list[str]) -> list[str]:
    sweeps = {
        "small": ["small-blocks-4", "small-blocks-8"],
        "fixed": ["fixed-human_fraction-0.25", "fixed-human_fraction-0.5"],
        "sampled": ["sampled-temperature-0.8", "sampled-temperature-1.0"],
    }
    return [one for name in names for one in sweeps.get(name, [name])]


def link(project: Project, arm: str) -> Path:
    return project.results / "text" / arm / "seed1" / "generation1"
