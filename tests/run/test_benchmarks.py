"""Benchmarks of whole runs, each on a finished mini experiment, which leaves them little to compute."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import determinism, makespan, overhead, resources, soak
from tests.project import Project


@pytest.fixture
def run(golden: Project, tmp_path, monkeypatch):
    """Run a benchmark, whose clean clones are copies of the finished experiment, and return what it has written."""
    call = subprocess.run

    def copy(command, **options):
        if command[:2] != ["git", "clone"]:
            return call(command, **options)
        return shutil.copytree(golden.folder, command[-1], symlinks=True, dirs_exist_ok=True)

    monkeypatch.setattr(subprocess, "run", copy)

    def one(module, *options: str | Path) -> dict | list:
        written = tmp_path / "found.json"
        monkeypatch.setattr(sys, "argv", [module.__name__, *map(str, options), "--json", str(written)])
        module.main()
        return json.loads(written.read_text())

    return one


def test_overhead_is_what_is_left_of_the_cores_time(run, monkeypatch):
    monkeypatch.setattr(overhead, "best", lambda code: 1.0)  # imports of each script: minutes
    copy = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **_: copy(command) if command[0] == "git" else None)
    found = run(overhead, "--short")
    assert found["computing_core_seconds"]["finetune"] > 0 and found["share_not_computing"] < 1
    assert found["import_seconds"].keys() >= {"mix", "finetune", "generate", "evaluate"}


@pytest.mark.slow
def test_a_chain_is_watched_to_its_end(run):
    found = run(soak, "--generations", "5")
    assert found["status"] == 0 and found["end"]["generations"] == 5
    assert found["end"]["snakemake"]["megabytes"] > 1 and found["end"]["warm_start"]["open_files"] > 1
    assert found["partial_files_left"] == found["processes_left"] == 0


def test_two_runs_are_compared_byte_by_byte(run, golden, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["determinism", "--keep", str(tmp_path)])
    assert determinism.main() == 0
    printed = capsys.readouterr().out
    assert "all bytes are equal" in printed and f"-j4: {len(golden.bytes())} files" in printed
    (tmp_path / "j4" / "results" / "mini" / "text" / "summary.csv").write_text("")
    sums = [determinism.checksums(tmp_path / name / "results") for name in ("j1", "j4")]
    assert [name for name in sums[0] if sums[0][name] != sums[1][name]] == ["mini/text/summary.csv"]


def test_what_jobs_took_stands_beside_what_was_predicted(run, golden):
    rows = run(resources, golden.results)
    assert {"mix", "finetune", "generate", "evaluate", "train_vae"} <= {row["rule"] for row in rows}
    assert all(row["predicted_seconds"] > 0 and row["measured_memory"] > 0 for row in rows)


def test_a_simulation_is_set_beside_a_run(golden, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["makespan", "--trial", str(golden.results), str(golden.results)])
    makespan.main()
    assert "s measured" in capsys.readouterr().out
