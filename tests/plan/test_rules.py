"""Names of rules and files that stand in a second place are those of Snakemake's own rules."""

import ast
import inspect
import re
from pathlib import Path

import pytest
import yaml

from pipeline.costs.side import SideNeeds
from pipeline.costs.text import TextNeeds
from pipeline.provenance import recorded_jobs
from pipeline.run import __main__ as run
from pipeline.run import gpus, snakemake_internals
from tests.project import CHAIN, DRAWN, ROOT

OTHERWISE = {  # so that the rules are there which config.yaml does not need
    "base_model": {"source": "hub", "repository": "facebook/opt-125m", "revision": "0" * 40},
    "text": {"generate": {"shards": 2}},
    "memory_gigabytes": 16,
}


@pytest.fixture(scope="module")
def rules(tmp_path_factory) -> dict:
    """Every rule that has outputs, by its name."""
    other = tmp_path_factory.mktemp("rules") / "other.yaml"
    other.write_text(yaml.safe_dump(OTHERWISE))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return snakemake_internals.rules([other]) | snakemake_internals.rules()


def files(rules: dict, suffix: str) -> set[str]:
    """Outputs of any rule in the results folder, for all arms."""
    return {
        Path(*Path(path.replace("{question,(?:/questions/[A-Za-z0-9_-]+)?}", "")).parts[2:]).as_posix()
        for rule in rules.values()
        for path in map(str, rule.output)
        if path.endswith(suffix)
    }


def test_every_rule_is_planned_for_some_configuration(rules):
    _, graph = snakemake_internals.planned()
    planned = {job.rule for job in graph}
    assert {*rules} - planned == {"select_arms", "fetch_base_model", "join_shards"}


def test_what_a_job_takes_is_predicted_for_rules_that_there_are(rules):
    """A rule of another name would silently take what short jobs take."""
    predicted = {name for needs in (TextNeeds, SideNeeds) for name, _ in inspect.getmembers(needs, inspect.isfunction)}
    assert {name for name in predicted if not name.startswith("_")} <= {*rules}


def test_rules_that_are_named_elsewhere_are_there(rules):
    assert {*gpus.ON_DEVICE, *CHAIN, *recorded_jobs.KINDS} <= {*rules}
    plugin = (ROOT / "workflow/plugins/snakemake_logger_plugin_progress/__init__.py").read_text()
    assert ast.literal_eval(re.search(r"^CHAIN = (.*)$", plugin, re.MULTILINE)[1]) == CHAIN
    tables = {name for name, rule in rules.items() if rule.ruleinfo.group == "tables"}
    assert tables == {*DRAWN, "select_arms"}


def test_dvc_knows_the_pictures_the_metrics_and_the_folders_of_the_rules(rules):
    dvc = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    plots = {one.removeprefix("results/${experiment}/") for one in dvc["plots"] if isinstance(one, str)}
    assert plots == files(rules, ".png")
    metrics = {one.removeprefix("results/${experiment}/") for one in dvc["metrics"]}
    assert metrics == {one for one in files(rules, "metrics.json") if "{" not in one}
    folders = {Path(path).parts[0].split("{")[0] for path in files(rules, "")}
    stages = run.stage_outputs()
    assert {name for names in stages.values() for name in names} - {"report.html"} == folders
    assert stages.keys() == {"text", "side", "figures"}
