"""Pins have one source. An environment of --use-conda holds exactly the packages that its scripts import."""

import ast
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from pipeline.provenance import code_hash
from pipeline.run import snakemake_internals, warm_start
from tests.plan.test_rules import OTHERWISE
from tests.project import ROOT

ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
UNNAMED = {("images", "pillow")}  # no script names it: datasets decodes the pictures of a hub with it
BY_HAND = {"write_gallery"}  # no rule runs it: it describes the results of several experiments
UNCALLED = {  # imported inside functions of collapse.images.sources that read originals; the figure calls none of them
    ("plot_vae_images", "datasets"),
    ("plot_vae_images", "scikit-learn"),
}


def pins(path: Path) -> set[tuple[str, str]]:
    """Return names and versions. A package may have two versions, for different versions of Python."""
    return set(re.findall(r"^ *(?:- )?([a-z0-9-]+)==([^ ;\n]+)", path.read_text(), re.MULTILINE))


def names(path: Path) -> set[str]:
    return {name for name, _ in pins(path)}


@cache
def scripts() -> dict[str, set[str]]:
    """The scripts of the rules that name an environment, by the environment."""
    found: dict[str, set[str]] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(ROOT):
        other = Path(folder) / "other.yaml"
        other.write_text(yaml.safe_dump(OTHERWISE))
        rules = snakemake_internals.rules([other]) | snakemake_internals.rules()
    for name, rule in rules.items():
        script = re.match(r"python -m scripts (\w+)", rule.shellcmd)
        found.setdefault(Path(rule.conda_env).stem, set()).add(script[1] if script else name)
    return found


def scripts_of(environment: str) -> set[str]:
    return scripts()[environment]


distributions = cache(packages_distributions)  # slow: it reads every installed package


def imported(script: str) -> set[str]:
    """List the distributions that a script and its modules import, also inside functions."""
    modules: set[str] = set()
    for path in code_hash.sources(ROOT, script):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                modules.add(node.module.split(".")[0])
    modules -= {*sys.stdlib_module_names, *code_hash.PACKAGES}
    return {distributions()[module][0].lower().replace("_", "-") for module in modules}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_an_environment_holds_what_its_scripts_import_and_no_more(path):
    held = names(path)
    needed = {(script, name) for script in scripts_of(path.stem) for name in imported(script)} - UNCALLED
    assert sorted((script, name) for script, name in needed if name not in held) == []
    unused = held - {name for _, name in needed}
    assert sorted(unused - {name for environment, name in UNNAMED if environment == path.stem}) == []


def test_every_script_with_a_command_line_runs_in_an_environment():
    commands = {path.stem for path in (ROOT / "scripts").glob("[a-z]*.py") if "def main(" in path.read_text()}
    assert commands - BY_HAND == set().union(*(scripts_of(path.stem) for path in ENVIRONMENTS))


@pytest.mark.parametrize(
    "path",
    [*ENVIRONMENTS, ROOT / "requirements/test.txt", ROOT / "requirements/remotes.txt"],
    ids=lambda path: path.stem,
)
def test_pins_agree_with_the_lock(path):
    lock = ROOT / "requirements/run.txt"
    assert sorted(pin for pin in pins(path) - pins(lock) if pin[0] in names(lock)) == []
    assert pins(path) & pins(lock)
    assert path.suffix == ".txt" or names(path) <= names(lock)


def test_drawing_needs_no_torch():
    assert "torch" not in names(ROOT / "envs" / "report.yaml")


def test_a_job_in_another_environment_is_not_served_by_a_warm_start_of_this_one(tmp_path, monkeypatch):
    monkeypatch.setenv(warm_start.VARIABLE, "")
    venv.create(tmp_path / "other", with_pip=False, symlinks=True)
    ask = "import sys; from pipeline.run.warm_start import ask; sys.exit(ask('scripts.mix', ['--help']) is not None)"
    warm_start.serve()
    try:
        while not Path(os.environ[warm_start.VARIABLE]).exists():
            assert warm_start._server.poll() is None
            time.sleep(0.1)
        for python, served in [(sys.executable, True), (tmp_path / "other" / "bin" / "python", False)]:
            assert subprocess.run([python, "-c", ask], cwd=ROOT, stdout=subprocess.DEVNULL).returncode == served
    finally:
        warm_start._server.communicate()
