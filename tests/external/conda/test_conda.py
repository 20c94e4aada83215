"""The mini experiment in the environments of `--use-conda`, with conda or a substitute."""

import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.plan.test_environments import ENVIRONMENTS, scripts_of
from tests.project import ENVIRONMENT, Project

pytestmark = pytest.mark.conda

NOT_CONDA = Path(__file__).parent / "not_conda" / "bin"
PREFIX = Path(sys.prefix, "conda")  # reused, since building them takes minutes
WITNESS = """
import atexit, os, sys
def tell():
    with open(os.environ["WITNESS"], "a") as log:
        log.write(sys.argv[0] + "\\n")
if "WITNESS" in os.environ:
    atexit.register(tell)
"""


def witness(environment: Path) -> None:
    """Make the Python of an environment record, at its end, the script that it ran."""
    (site,) = environment.glob("lib/python3*/site-packages")
    (site / "sitecustomize.py").write_text(WITNESS.replace('["WITNESS"]', f'["WITNESS"] + "/{environment.name}"'))


def test_rules_run_in_their_environments_to_the_same_bytes(golden, tmp_path, monkeypatch):
    conda = shutil.which("conda") or NOT_CONDA / "conda"
    print(f"environments by {conda}")
    monkeypatch.setitem(ENVIRONMENT, "PATH", f"{Path(conda).parent}{os.pathsep}{ENVIRONMENT['PATH']}")
    project = Project.create(tmp_path / "project")
    where = ["--conda-prefix", str(PREFIX), "--cores", "4"]
    project.snakemake("--use-conda", "--conda-create-envs-only", *where)

    files = {path.read_text(): path.stem for path in ENVIRONMENTS}
    built = {path.stem: files[path.read_text()] for path in PREFIX.glob("*.yaml") if path.read_text() in files}
    assert sorted(built.values()) == sorted(files.values())
    for name in built:
        witness(PREFIX / name)
    monkeypatch.setitem(ENVIRONMENT, "WITNESS", str(tmp_path))
    project.run("--software-deployment-method", "conda", *where)

    ran = {built[name]: Counter((tmp_path / name).read_text().split()) for name in built}
    for environment, counts in ran.items():
        assert counts.keys() <= {f"scripts.{script}" for script in scripts_of(environment)}
    assert sum(map(Counter.total, ran.values())) == project.executed().total()
    assert project.plan() == {}  # a run without conda makes the same results
    there, here = project.bytes(), golden.bytes()
    assert [name for name in here if there.get(name) != here[name]] == []
