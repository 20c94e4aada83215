"""Profiles agree with the rules and with each other, or a change of profile would run jobs again."""

import re

import pytest
import yaml

from tests.project import ROOT

PROFILES = {path.parent.name: yaml.safe_load(path.read_text()) for path in ROOT.glob("profiles/*/config.yaml")}
RULES = {name for path in ROOT.glob("workflow/rules/*.smk") for name in re.findall(r"rule (\w+):", path.read_text())}


@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"default"}))
def test_what_runs_again_does_not_depend_on_the_profile(profile):
    for key in ("rerun-triggers", "max-checksum-file-size", "rerun-incomplete"):
        assert PROFILES[profile][key] == PROFILES["default"][key], key


def test_groups_are_of_rules_that_there_are():
    assert set(PROFILES["slurm"]["groups"]) <= RULES
