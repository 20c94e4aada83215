"""One SLURM cluster for all tests here, and the mini experiment on it."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.external.cluster.slurm import Cluster, until
from tests.project import ENVIRONMENT, Project, processes

PATIENCE = 1800  # seconds; a job on a busy machine spends minutes importing
SMALL = [  # for nodes of two cores, and for jobs of seconds
    *["--profile", "profiles/slurm", "--cores", "2", "--latency-wait", "5"],
    *["--slurm-init-seconds-before-status-checks", "2"],
]
SLOW = 0.01  # gigaflops: low, so that jobs get enough time on a busy machine
PLACE = "text/replace/seed1/generation0"
MODEL = f"results/mini/{PLACE}/model/manifest.json"


class Run:
    """A run of Snakemake on the cluster, for one project."""

    def __init__(self, cluster: Cluster, project: Project, *options: str) -> None:
        self.cluster, self.project = cluster, project
        self.log = project.folder / "run.log"
        path = f"{cluster.folder / 'bin'}{os.pathsep}{ENVIRONMENT['PATH']}"
        with open(self.log, "ab") as log:
            environment = ENVIRONMENT | cluster.environment | {"PATH": path}
            self.process = project.start("snakemake", *SMALL, *options, output=log, environment=environment)

    def finish(self) -> None:
        """Wait for the end of the run, and check that it succeeded."""
        assert self.process.wait(PATIENCE) == 0, self.log.read_text()

    def jobs(self) -> dict[str, str]:
        """Return the states of this project's jobs that the queue remembers, oldest first."""
        lines = self.cluster.call("squeue", "--noheader", "--states=all", "--sort=i", "--format=%i %T %Z").splitlines()
        jobs = [line.strip().split(maxsplit=2) for line in lines]
        return {job: state for job, state, folder in jobs if folder == str(self.project.folder)}

    def in_mid_job(self) -> int:
        """Wait until the training has saved its state once, stop it, and return its process id."""
        saved = self.project.results / "checkpoints" / "replace" / "seed1" / "generation0.safetensors"

        def stopped() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            for number in trainings(self.project.folder):
                if saved.exists():
                    os.kill(number, signal.SIGSTOP)
                    found.append(number)
            return bool(found)

        found: list[int] = []
        until(stopped, "the training to save its state", PATIENCE, pause=0.02)
        return found[0]


def trainings(folder: Path) -> list[int]:
    """List the processes that train in this folder."""
    return [one for one, command in processes(folder).items() if command[1:4] == ["-m", "scripts", "finetune"]]


def field(cluster: Cluster, job: str, name: str) -> str:
    """Return one field of a job from `scontrol show job`."""
    match = re.search(rf"\b{name}=(\S+)", cluster.call("scontrol", "show", "job", job))
    assert match is not None, name
    return match[1]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    made.up(accounting="ACCOUNTING" in os.environ)
    try:
        yield made
    finally:
        made.down()


@pytest.fixture(scope="session")
def begun(tmp_path_factory) -> Project:
    """The mini experiment just before its first training, which saves its state many times."""
    project = Project.create(tmp_path_factory.mktemp("begun"))
    text = {"arms": ["replace"], "seeds": [1], "finetune": {"epochs": 400}}
    project.configure({"parts": ["text"], "gigaflops": SLOW, "text": text})
    project.snakemake("--cores", "2", "results/mini/base/manifest.json", f"results/mini/{PLACE}/training.manifest.json")
    return project


@pytest.fixture(scope="session")
def undisturbed(begun, tmp_path_factory) -> dict[str, bytes]:
    """The results after this training on one machine."""
    project = begun.copy(tmp_path_factory.mktemp("undisturbed") / "project")
    project.snakemake("--cores", "1", MODEL)
    return project.bytes()


@pytest.fixture
def training(begun, tmp_path) -> Project:
    return begun.copy(tmp_path / "project")
