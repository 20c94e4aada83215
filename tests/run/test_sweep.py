"""Every policy and factor acts, from the configuration to the tables; shared files are made once."""

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from collapse.options import names
from collapse.policies import POLICIES
from pipeline.configuration import expand
from pipeline.layout.text_chain import TextChain
from tests.project import Project

SAMPLED = {"policy": "replace", "decoder": "sample"}
MARKED = {"watermark_bias": 6.0, "watermark_share": 0.5}
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
    "curated": SAMPLED | {"top_p": 0.9, "candidates": 2, "verifier": "typical", "verifier_noise": 0.5},
    "judged": SAMPLED | {"top_p": 0.9, "candidates": 2, "verifier": "humanlike"},
    "marked": SAMPLED | MARKED | {"policy": "watermark_filter", "z_threshold": 1.5},
}
DEFAULT = {"replace", "preserve", "accumulate", "accumulate_subsample"}  # policies of the arms in config.yaml
ARMS |= {
    name: {"policy": name} for name, policy in POLICIES.items() if not names(policy.options) and name not in DEFAULT
}


def test_every_policy_and_factor_runs(mini: Project):
    chosen = ["replace", "preserve_10pct", "accumulate", "accumulate_subsample", *ARMS]
    question = {"asks": "How much text?", "arms": ["replace", "small"], "reference": "replace"}
    sizes = {"base_model": {"pretraining": {"sizes": {"wide": {"width": 24}}}}}
    text = {"arms": chosen, "seeds": [1], "questions": {"amount": question}}
    mini.configure({"parts": ["text"], "arms": ARMS, "text": text} | sizes)
    planned = mini.planned("text")
    mini.run("text")
    assert mini.plan("text") == {}
    arms = expanded(chosen)
    with open(mini.results / "text" / "summary.csv", newline="") as file:
        rows = [*csv.DictReader(file)]
    places = {(arm, str(k)) for arm in arms for k in range(3)}
    assert {(row["arm"], row["generation"]) for row in rows if row["metric"] == "test_perplexity"} == places
    with open(mini.results / "text" / "questions" / "amount" / "comparisons.csv", newline="") as file:
        compared = {(row["first"], row["second"]) for row in csv.DictReader(file)}
    assert compared == {("small-blocks-4", "replace"), ("small-blocks-8", "replace")}
    laws = {row["arm"] for row in rows if row["metric"] == "scaling_exponent"}
    assert laws == {"replace", "small-blocks-4", "small-blocks-8"}
    assert DEFAULT | {arm["policy"] for arm in ARMS.values()} == {*POLICIES}
    trained = sum(rule == "finetune" for rule, _ in planned)
    assert trained < len(arms) * 3 - 10  # most arms share generation 0's model, which the run before has made

    check_policies(mini)
    check_training(mini)
    check_writing(mini)
    check_verifiers(mini)
    check_watermarks(mini)


def check_policies(project: Project) -> None:
    """Check which of the 12 blocks in each training set of generation 1 (24 for `accumulate`) are human."""
    human = {"replace": 0, "preserve_10pct": 1, "accumulate": 12, "released": 6, "near": None, "web": 6}
    human |= {"fixed-human_fraction-0.25": 3, "fixed-human_fraction-0.5": 6}
    for arm, count in human.items():
        origin = column(project, "training", arm, 1, "origin")
        assert len(origin) == (24 if arm == "accumulate" else 12)
        assert count is None or origin.count("human") == count, arm
    first, second = (column(project, "training", "fixed-human_fraction-0.5", one, "origin") for one in (1, 2))
    assert first == second  # drawn once
    assert max(column(project, "training", "near", 2, "source_generation")) == 0
    assert sorted(column(project, "training", "pool", 2, "source_arm")) == 6 * ["pool"] + 6 * ["replace"]


def check_training(project: Project) -> None:
    arms = ("replace", "continued", "selected", "budget", "small-blocks-4", "wide")
    manifests = {arm: model(project, arm, 1) for arm in arms}
    options = {arm: one["options"] for arm, one in manifests.items()}
    assert len(options["selected"]["validation_loss_by_epoch"]) == options["selected"]["epochs"]
    assert options["replace"]["validation_loss_by_epoch"] is None
    budget = [options["budget"][f"training_{name}"] for name in ("blocks", "steps", "tokens")]
    assert budget == [24, 5, 5 * 8 * 16]
    assert options["small-blocks-4"]["training_blocks"] == 4
    assert any(parent.endswith("base/sizes/wide/manifest.json") for parent in manifests["wide"]["parents"])
    assert folder(project, "training", "continued", 1) == folder(project, "training", "replace", 1)
    assert manifests["continued"]["files"] != manifests["replace"]["files"]
    assert any(parent.endswith("generation0/model/manifest.json") for parent in manifests["continued"]["parents"])
    assert not any("/base/" in parent for parent in manifests["continued"]["parents"])


def check_writing(project: Project) -> None:
    """Check that arms share a model until they train on its text, and that their texts differ."""
    assert folder(project, "text", "own_prompts", 0) == folder(project, "text", "replace", 0)
    for one, other, generation in (
        ("own_prompts", "replace", 1),
        ("greedy", "replace", 0),
        ("sampled-temperature-0.8", "sampled-temperature-1.0", 0),
        ("unprompted", "sampled-temperature-1.0", 0),
    ):
        assert folder(project, "model", one, generation) == folder(project, "model", other, generation)
        assert text(project, one, generation) != text(project, other, generation)


def check_verifiers(project: Project) -> None:
    """Check that a verifier keeps some, but not all, of the texts of the arm without a verifier."""
    plain = text(project, "sampled-temperature-1.0", 0)
    kept = {arm: text(project, arm, 0) for arm in ("curated", "judged")}
    assert all(0 < sum(map(list.__eq__, plain, blocks)) < len(plain) for blocks in kept.values())
    assert kept["curated"] != kept["judged"]
    accuracies = {metrics(project, "judged", generation)["verifier_accuracy"] for generation in range(3)}
    assert len(accuracies) == 1 and 0 <= min(accuracies) <= 1  # one judge a chain
    assert "verifier_accuracy" not in metrics(project, "curated", 0)


def check_watermarks(project: Project) -> None:
    marks = column(project, "text", "marked", 1, "marked")
    assert 0 < sum(marks) < len(marks)
    assert not any(column(project, "text", "sampled-temperature-1.0", 1, "marked"))
    found = metrics(project, "marked", 1)
    marked, unmarked, human = (found[f"watermark_flagged_{one}"] for one in ("marked", "unmarked", "human"))
    assert marked > max(unmarked, human)


def expanded(names: list[str]) -> list[str]:
    sweeps = {
        "small": ["small-blocks-4", "small-blocks-8"],
        "fixed": ["fixed-human_fraction-0.25", "fixed-human_fraction-0.5"],
        "sampled": ["sampled-temperature-0.8", "sampled-temperature-1.0"],
    }
    return [one for name in names for one in sweeps.get(name, [name])]


def folder(project: Project, kind: str, arm: str, generation: int) -> Path:
    """Return the folder, for seed 1, of the arm that made a shared link."""
    config = yaml.safe_load((project.folder / "config.yaml").read_text())
    expand(config)
    return project.folder / str(TextChain(config, "results/mini/text").link(kind, arm, 1, generation))


def column(project: Project, kind: str, arm: str, generation: int, name: str) -> list:
    file = {"training": "training.parquet", "text": "synthetic.parquet"}[kind]
    return pq.read_table(folder(project, kind, arm, generation) / file).column(name).to_pylist()


def text(project: Project, arm: str, generation: int) -> list[list[int]]:
    return column(project, "text", arm, generation, "input_ids")


def model(project: Project, arm: str, generation: int) -> dict:
    """Return the manifest of an arm's model."""
    return json.loads((folder(project, "model", arm, generation) / "model" / "manifest.json").read_text())


def metrics(project: Project, arm: str, generation: int) -> dict:
    return json.loads((folder(project, "evaluation", arm, generation) / "metrics.json").read_text())
