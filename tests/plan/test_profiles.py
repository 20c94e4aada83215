"""Profiles layer over profiles/default key by key, and what runs again does not depend on the profile."""

import pytest
import yaml

from pipeline.run import snakemake_internals
from tests.project import ROOT

PROFILES = {path.parent.name: yaml.safe_load(path.read_text()) for path in ROOT.glob("profiles/*/config.yaml")}
LAYERS = sorted(set(PROFILES) - {"default"})


@pytest.mark.parametrize("profile", LAYERS)
def test_no_key_is_set_twice(profile):
    """Where both set a key, Snakemake would take that of profiles/default and say nothing."""
    assert PROFILES[profile].keys() & PROFILES["default"].keys() == set()


@pytest.mark.parametrize("profile", LAYERS)
def test_a_profile_layers_over_the_default_one(profile, monkeypatch):
    if profile == "slurm":
        pytest.importorskip("snakemake_executor_plugin_slurm", reason="make cluster installs it")
    monkeypatch.chdir(ROOT)
    plain = snakemake_internals.arguments([])
    layered = snakemake_internals.arguments(["--profile", f"profiles/{profile}"])
    for key in PROFILES["default"]:
        name = key.replace("-", "_")
        assert getattr(layered, name) == getattr(plain, name), key
    assert (layered.executor, layered.jobs) == ("slurm", 100) if profile == "slurm" else (layered.cores, 2)


def test_the_default_profile_leaves_cores_to_others(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert snakemake_internals.arguments([]).cores is None
