"""Tables and figures of verdicts from a short summary, complete or with missing values."""

import csv
import json

import pytest

from collapse.statistics.verdicts import DEFINITIONS
from scripts.compare_arms import main as compare_arms
from scripts.judge_arms import main as judge_arms
from scripts.plot_onset import main as plot_onset
from scripts.plot_profile import main as plot_profile
from scripts.table_comparisons import main as table_comparisons
from scripts.table_profile import main as table_profile

RULES = {name: {"measure": None, "against": None, "direction": "rise", "threshold": 0.0} for name in DEFINITIONS} | {
    "any_increase": {"measure": "log(ppl)", "against": None, "direction": "rise", "threshold": 0.0},
    "lost_tails": {"measure": "rare", "against": "common", "direction": "rise", "threshold": 0.5},
}


def written(folder, arms=("still", "worse"), seeds=(1, 2, 3), generations=4):
    """Write all tables, figures and pages for a stable chain and a chain that loses 1 nat a generation."""
    rows = [
        (arm, seed, generation, metric, value)
        for arm in arms
        for seed in seeds
        for generation in range(generations)
        for metric, value in {
            "training_steps": 100,
            "training_tokens": 6400.0 * (1 + generation * (arm == "worse")),
            "ppl": 2.0**seed * 2.718281828459045 ** (generation * (arm == "worse")),
            "rare": 2.0 * generation + seed / 10,
            "common": (1.0 + 0.1 * seed) * generation * (arm == "worse") + seed / 10,
        }.items()
    ]
    with open(folder / "summary.csv", "w", newline="") as file:
        csv.writer(file).writerows([("arm", "seed", "generation", "metric", "value"), *rows])
    common = ["--code", "x", "--confidence", "0.95"]
    read = [*common, "--resamples", "99", "--interval", "student", "--summary", str(folder / "summary.csv")]
    measures = [*("--measure", "log(ppl)"), *("--measure", "rare"), *("--measure", "absent")]
    names = ("comparisons", "trends", "onset")
    tables = [word for name in names for word in (f"--{name}", str(folder / f"{name}.csv"))]
    compare_arms([*read, *measures, "--compared", "change", "--permutations", "999", *tables])
    profile = str(folder / "profile.csv")
    judge_arms([*read, "--rules", json.dumps(RULES), "--profile", profile, "--json", str(folder / "profile.json")])
    plot_profile([*common, "--profile", profile, "--output", str(folder / "profile.svg")])
    plot_onset([*common, "--onset", str(folder / "onset.csv"), "--output", str(folder / "onset.svg")])
    table_profile(["--code", "x", "--profile", profile, "--output", str(folder / "profile_table.html")])
    summary = ["--summary", str(folder / "summary.csv")]
    table_comparisons([*common, *summary, *tables[:4], "--output", str(folder / "comparisons.html")])
    return {path.name: path.read_text() for path in folder.iterdir() if path.suffix != ".png"}


def read(text):
    return list(csv.DictReader(text.splitlines()))


def test_the_profile_has_a_row_for_each_arm_and_definition(tmp_path):
    files = written(tmp_path)
    assert files["profile.csv"].splitlines()[0] == "arm,definition,verdict,effect,low,high,rule"
    profile = {(row["arm"], row["definition"]): row for row in read(files["profile.csv"])}
    assert list(profile) == [(arm, name) for arm in ("still", "worse") for name in DEFINITIONS]
    assert profile["still", "any_increase"]["verdict"] == "not collapsed"
    assert profile["worse", "any_increase"]["verdict"] == "collapsed"
    assert float(profile["worse", "any_increase"]["effect"]) == pytest.approx(3)
    # 6 less 3 · 1.1, 3 · 1.2 and 3 · 1.3: held against the common half
    assert float(profile["worse", "lost_tails"]["effect"]) == pytest.approx(2.4)
    assert profile["worse", "entangled_modes"]["verdict"] == "undecided"
    assert profile["worse", "entangled_modes"]["effect"] == ""
    same = json.loads(files["profile.json"])["arms"]["worse"]["lost_tails"]
    assert same["rule"] == profile["worse", "lost_tails"]["rule"] and same["seeds"] == 3


def test_no_p_without_the_least_that_was_possible(tmp_path):
    files = written(tmp_path)
    row = next(one for one in read(files["comparisons.csv"]) if one["metric"] == "log(ppl)")
    assert (row["first"], row["second"], row["pairs"]) == ("still", "worse", "3")
    assert float(row["difference"]) == pytest.approx(-3)
    assert (row["p"], row["least_p"], row["tests"], row["p_holm"]) == ("0.25", "0.25", "2", "0.5")
    assert "least p that was possible is 0.25, after correction 0.5" in files["comparisons.rst"]
    budget = "trained with 100 steps; the budget is not held equal: 6,400 to 25,600 tokens"
    assert budget in " ".join(files["comparisons.rst"].split())
    trends = {(one["arm"], one["metric"]): one for one in read(files["trends.csv"])}
    assert float(trends["worse", "log(ppl)"]["slope"]) == pytest.approx(1)


def test_a_measure_that_is_missing_gets_empty_cells(tmp_path):
    files = written(tmp_path)
    for name in ("comparisons.csv", "trends.csv"):
        absent = [row for row in read(files[name]) if row["metric"] == "absent"]
        assert absent and all(row["p"] == row["p_holm"] == "" for row in absent)
    assert all(row["onset"] == "" for row in read(files["onset.csv"]) if row["metric"] == "absent")


@pytest.mark.parametrize("few", [{"arms": ("worse",)}, {"seeds": (1,)}, {"generations": 1}])
def test_one_arm_seed_or_generation_breaks_nothing(tmp_path, few):
    files = written(tmp_path, **few)
    assert all(files[name] for name in ("profile.svg", "profile.rst", "onset.rst", "comparisons.rst"))
    if "arms" not in few:
        assert {row["verdict"] for row in read(files["profile.csv"])} == {"undecided"}


def test_captions_carry_numbers(tmp_path):
    files = written(tmp_path)
    assert "worse: collapsed by any increase of risk (+3, 3 to 3)" in files["profile.rst"]
    assert "16 verdicts (2 arms by 8 definitions); collapsed: 3, not collapsed: 1" in files["profile_table.rst"]
    assert "first at generation" in files["onset.rst"]
