"""Jobs sent to Kubernetes by the real Snakemake. There is no cluster here: tests/not_kubectl runs what pods would."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml

from tests.workflow.project import ENVIRONMENT, ROOT, Project
from workflow import kubernetes

SCRIPT = "simulate_discrete"
FIRST = """
import pathlib, time
pathlib.Path("began").touch()
while pathlib.Path("hold").exists():
    time.sleep(0.1)
if pathlib.Path("fail").exists():
    pathlib.Path("fail").unlink()
    raise SystemExit("made to fail")
"""


def until(holds) -> None:
    while not holds():
        time.sleep(0.1)


class Pods:
    """A project, whose one job stops while there is a file `hold`, and what the stand-in for kubectl was asked."""

    def __init__(self, project: Project, state: Path) -> None:
        self.project, self.state = project, state
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
        return subprocess.Popen(
            [sys.executable, "-m", "workflow.run", "side", *profile, "--latency-wait", "5"],
            cwd=self.project.folder,
            env=ENVIRONMENT | {"PATH": path, "NOT_KUBECTL": str(self.state)},
            start_new_session=True,
        )

    def in_mid_job(self) -> subprocess.Popen:
        """A run whose job has begun, and goes on once `hold` is gone."""
        (self.project.folder / "hold").touch()
        (self.project.folder / "began").unlink(missing_ok=True)
        run = self.start()
        while not (self.project.folder / "began").exists():
            assert run.poll() is None
            time.sleep(0.1)
        return run

    def done(self) -> list[tuple[str, str]]:
        """What has been done to Jobs, in its order: created or deleted, and the number of the run whose Job it was."""
        lines = [json.loads(line) for line in (self.state / "done").read_text().splitlines()]
        return [(verb, job if verb == "deleted" else job["metadata"]["name"]) for verb, job in lines]

    def created(self, run: str) -> list[tuple[str, int]]:
        """Rule and megabytes of each Job of a run."""
        lines = [json.loads(line) for line in (self.state / "done").read_text().splitlines()]
        jobs = [job for verb, job in lines if verb == "created" and job["metadata"]["labels"][kubernetes.LABEL] == run]
        return [
            (
                job["metadata"]["annotations"]["model-collapse/job"].split()[0],
                int(job["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"].rstrip("M")),
            )
            for job in jobs
        ]


def test_jobs_are_made_watched_tried_again_and_deleted(tmp_path):
    """Ctrl-C deletes Jobs, the next run deletes those of a killed one, and one that fails is sent again with more."""
    pods = Pods(Project.create(tmp_path / "$(touch stray) '$HOME' $$ \"`touch stray`"), tmp_path / "state")
    interrupted = pods.in_mid_job()
    os.killpg(interrupted.pid, signal.SIGINT)
    assert interrupted.wait() != 0
    killed = pods.in_mid_job()
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    (pods.project.folder / "fail").touch()
    run = pods.start()
    until(lambda: len(pods.done()) > 4)
    (pods.project.folder / "hold").unlink()
    assert run.wait() == 0

    (one, two), rest = (pods.done()[:2], pods.done()[2:])
    assert one[0] == "created" and two == ("deleted", one[1])
    (one, two), rest = rest[:2], rest[2:]
    assert one[0] == "created" and two == ("deleted", one[1])
    assert {verb for verb, _ in rest} == {"created"}
    (first, mem), (second, more), (table, _) = pods.created(rest[0][1].split("-")[2])
    assert (first, second, table) == (SCRIPT, SCRIPT, "collect_discrete")
    assert more == 2 * mem
    bytes_of_pods = pods.project.bytes()
    shutil.rmtree(pods.project.results)
    pods.project.snakemake("--cores", "1", "side")
    assert pods.project.bytes() == bytes_of_pods
    assert not [*tmp_path.rglob("stray")]
    assert not kubernetes.record("mini").exists()
