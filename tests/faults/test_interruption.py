"""A run that is killed at any moment and started again ends with the bytes of an undisturbed run."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.project import ENVIRONMENT, Project, processes, wait_until

KILLS = 4
TRIALS = 5
SLOW = pytest.mark.slow
FIRST = ("--cores", "2", "results/mini/text/replace/seed1/generation0/manifest.json")


def kinds(folder: Path) -> dict[str, list[int]]:
    """Return the ids of a run's processes in `folder`, by kind."""
    found: dict[str, list[int]] = {"snakemake": [], "job": [], "warm start": []}
    for number, command in processes(folder).items():
        if "snakemake" in command:
            found["snakemake"].append(number)
        elif "scripts" in command:
            found["job"].append(number)
        elif any("warm_start.py" in part for part in command):
            found["warm start"].append(number)
    return found


def kill_at_random(project: Project, chance: random.Random) -> str:
    """Start a run, then kill -9 one or all of its processes. Kill the rest 20 s later."""
    run = project.start("pipeline.run")
    time.sleep(chance.uniform(2, 12))
    living = kinds(project.folder)
    victim = chance.choice(["group", *(kind for kind, numbers in living.items() if numbers)])
    try:
        if victim == "group":
            os.killpg(run.pid, signal.SIGKILL)
        else:
            os.kill(chance.choice(living[victim]), signal.SIGKILL)
    except ProcessLookupError:
        victim = "none: it had ended"
    try:
        run.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    return victim


@SLOW
@pytest.mark.parametrize("trial", range(TRIALS))
def test_kill_9_at_a_random_moment(golden, tmp_path, trial):
    project = Project.create(tmp_path / "project")
    chance = random.Random(trial)
    victims = [kill_at_random(project, chance) for _ in range(KILLS)]
    print(victims)
    project.run()
    assert project.bytes() == golden.bytes()
    assert not list(project.results.rglob("*.part"))


def test_nothing_outlives_a_killed_snakemake(tmp_path):
    project = Project.create(tmp_path / "project")
    run = project.start("snakemake", "--cores", "2")
    wait_until(lambda: kinds(project.folder)["warm start"])
    time.sleep(1)
    run.kill()
    run.wait()
    wait_until(lambda: not kinds(project.folder)["warm start"], 60)


def interrupted(project: Project, signals: list[signal.Signals], pause: float) -> None:
    """Start a run, send it these signals while a job runs, and wait for the end of all processes."""
    run = project.start("pipeline.run", *FIRST)
    wait_until(lambda: kinds(project.folder)["job"])
    time.sleep(2)
    for one in signals:
        os.killpg(run.pid, one)
        time.sleep(pause)
    assert run.wait(timeout=300) != 0
    wait_until(lambda: not any(kinds(project.folder).values()))


def first_link(project: Project) -> dict[str, bytes]:
    """Return the files of generation 0 of one chain."""
    folders = ("base/", "corpus/t", "text/replace/seed1/generation0/")
    return {name: data for name, data in project.bytes().items() if name.startswith(folders) and "prov" not in name}


@pytest.mark.parametrize(
    ("signals", "pause"),
    [
        pytest.param([signal.SIGINT], 0, id="Ctrl-C"),
        pytest.param([signal.SIGINT, signal.SIGINT], 0.3, id="Ctrl-C twice", marks=SLOW),
        pytest.param([signal.SIGTERM], 0, id="SIGTERM", marks=SLOW),
        pytest.param([signal.SIGHUP], 0, id="the terminal is closed", marks=SLOW),
    ],
)
def test_however_a_run_is_told_to_stop_the_next_goes_on(golden, tmp_path, signals, pause):
    project = Project.create(tmp_path / "project")
    interrupted(project, signals, pause)
    project.run(*FIRST)
    assert first_link(project) == first_link(golden)


@SLOW
def test_after_a_reboot_the_next_run_goes_on(golden, tmp_path, monkeypatch):
    """End all processes at once, empty the temporary folder, and truncate Snakemake's records."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setitem(ENVIRONMENT, "TMPDIR", str(scratch))
    project = Project.create(tmp_path / "project")
    run = project.start("pipeline.run", *FIRST)
    wait_until(lambda: (project.results / "base/manifest.json").exists())
    for number in [run.pid, *(one for kind in kinds(project.folder).values() for one in kind)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    run.wait()
    wait_until(lambda: not any(kinds(project.folder).values()))
    shutil.rmtree(scratch)
    scratch.mkdir()
    for record in (path for path in (project.folder / ".snakemake" / "metadata").rglob("*") if path.is_file()):
        record.write_bytes(record.read_bytes()[:10])  # Snakemake does not sync its records
    assert any((project.folder / ".snakemake" / "locks").iterdir())
    project.run(*FIRST)
    assert first_link(project) == first_link(golden)
