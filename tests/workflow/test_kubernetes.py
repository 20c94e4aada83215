"""Jobs sent to Kubernetes by the real Snakemake. There is no cluster here: tests/not_kubectl runs what pods would."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest
import yaml

from tests.workflow.project import ENVIRONMENT, ROOT, Project, heed_signals, wait_until
from workflow import kubernetes

PATIENCE = 600  # seconds
SCRIPT = "simulate_discrete"
FIRST = """
import pathlib, time
pathlib.Path("began").touch()
while pathlib.Path("hold").exists():
    time.sleep(0.1)
try:
    pathlib.Path("fail").unlink()
except FileNotFoundError:
    pass
else:
    raise SystemExit("made to fail")
"""


class Pods:
    """A project, whose first jobs stop while there is a file `hold`, and what the stand-in for kubectl was asked."""

    def __init__(self, project: Project, state: Path) -> None:
        self.project, self.state = project, state
        self.started: list[subprocess.Popen] = []
        state.mkdir()
        project.configure({"parts": ["discrete"]})
        settings = project.folder / "profiles" / "kubernetes" / "cluster.yaml"
        settings.write_text(
            yaml.safe_dump(yaml.safe_load(settings.read_text()) | {"mount": str(project.folder.parent)})
        )
        script = project.folder / "scripts" / f"{SCRIPT}.py"
        docstring, code = script.read_text().split("\n\n", 1)
        script.write_text(f"{docstring}\n{FIRST}\n{code}")

    def start(self) -> subprocess.Popen:
        """The run of the side experiments, with the profile."""
        profile = ["--workflow-profile", "profiles/kubernetes", "--seconds-between-status-checks", "1"]
        path = f"{ROOT / 'tests' / 'not_kubectl'}{os.pathsep}{ENVIRONMENT['PATH']}"
        run = subprocess.Popen(
            [sys.executable, "-m", "workflow.run", "side", *profile, "--latency-wait", "5"],
            cwd=self.project.folder,
            env=ENVIRONMENT | {"PATH": path, "NOT_KUBECTL": str(self.state)},
            start_new_session=True,
            preexec_fn=heed_signals,
        )
        self.started.append(run)
        return run

    def end(self) -> None:
        """Whatever the test has found, nothing of it goes on."""
        jobs = [int(path.read_text()) for path in self.state.glob("*/pid") if not (path.parent / "ended").exists()]
        for group in [run.pid for run in self.started if run.poll() is None] + jobs:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def in_mid_job(self) -> subprocess.Popen:
        """A run of which a job has begun, and goes on once `hold` is gone."""
        (self.project.folder / "hold").touch()
        (self.project.folder / "began").unlink(missing_ok=True)
        run = self.start()
        while not (self.project.folder / "began").exists():
            assert run.poll() is None
            time.sleep(0.1)
        return run

    def done(self) -> list[tuple[str, str, str, int]]:
        """What became of Jobs, in its order: created or deleted, the Job's run, its rule, and the megabytes it asks."""
        lines = [json.loads(line) for line in (self.state / "done").read_text().splitlines()]
        return [
            (
                verb,
                job["metadata"]["labels"][kubernetes.LABEL],
                job["metadata"]["annotations"]["model-collapse/job"].split()[0],
                int(job["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"].rstrip("M")),
            )
            for verb, job in lines
        ]

    def runs(self) -> list[tuple[str, str]]:
        """The same of runs: created, deleted, and the run whose Jobs these were."""
        return [key for key, _ in groupby(self.done(), lambda one: one[:2])]


@pytest.fixture
def pods(tmp_path):
    """In a folder whose name no shell should read."""
    pods = Pods(Project.create(tmp_path / "$(touch stray) '$HOME' $$ \"`touch stray`"), tmp_path / "state")
    yield pods
    pods.end()


def test_jobs_are_made_watched_tried_again_and_deleted(pods, tmp_path):
    """Ctrl-C deletes Jobs, the next run deletes those of a killed one, and one that fails is sent again with more."""
    interrupted = pods.in_mid_job()
    os.killpg(interrupted.pid, signal.SIGINT)
    assert interrupted.wait(PATIENCE) != 0
    assert pods.runs()[-1][0] == "deleted"
    killed = pods.in_mid_job()
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert pods.runs()[-1][0] == "created"
    (pods.project.folder / "fail").touch()
    run = pods.start()
    wait_until(lambda: len({name for _, name in pods.runs()}) == 3 or run.poll() is not None)
    (pods.project.folder / "hold").unlink()
    assert run.wait(PATIENCE) == 0

    verbs, runs = zip(*pods.runs(), strict=True)
    assert verbs == ("created", "deleted", "created", "deleted", "created")
    assert runs[0] == runs[1] != runs[2] == runs[3] != runs[4]
    sent = Counter((rule, megabytes) for _, name, rule, megabytes in pods.done() if name == runs[4])
    (once, more) = sorted(megabytes for rule, megabytes in sent if rule == SCRIPT)
    assert abs(more - 2 * once) <= 1  # rounded
    assert (sent[SCRIPT, once], sent[SCRIPT, more]) == (2, 1)
    bytes_of_pods = pods.project.bytes()
    shutil.rmtree(pods.project.results)
    pods.project.snakemake("--cores", "1", "side")
    assert pods.project.bytes() == bytes_of_pods
    assert not [*tmp_path.rglob("stray")]
    assert not kubernetes.record("mini").exists()
