import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from tests.project import Project


@pytest.fixture(autouse=True)
def one_thread():
    """Compute with one thread, as jobs do. With several, the last bit of a sum depends on the division of rows."""
    import torch

    torch.set_num_threads(1)


# the tests check the code on disk, whatever the environment of the shell
for name in ("MODEL_COLLAPSE_WARM_START", "SNAKEMAKE_PROFILE"):
    os.environ.pop(name, None)


def pytest_xdist_auto_num_workers() -> int:
    """Return the workers of `-n auto`: one more than cores, since many tests wait for a server or for a run."""
    return (os.cpu_count() or 1) + 1


def made_once(tmp_path_factory, name: str, make: Callable[[Path], Project]) -> Project:
    """Return the finished project of this name. The first pytest worker that needs it makes it; the others wait."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    done = folder / f"{name}.done"
    with FileLock(folder / f"{name}.lock"):
        if done.exists():
            return Project(folder / name)
        project = make(folder / name)
        done.touch()
    return project


@pytest.fixture(scope="session")
def golden(tmp_path_factory) -> Project:
    """The mini experiment, run once from the start to its report. Tests work on copies of it."""

    def make(folder: Path) -> Project:
        project = Project.create(folder)
        project.run("--cores", "4")
        project.executed()
        return project

    return made_once(tmp_path_factory, "golden", make)


@pytest.fixture
def mini(golden, tmp_path) -> Project:
    """A finished mini experiment that a test may change."""
    return golden.copy(tmp_path / "project")


@pytest.fixture(scope="session")
def recorded(golden, tmp_path_factory) -> Project:
    """The finished mini experiment under git and DVC. Tests work on copies and clones of it."""

    def make(folder: Path) -> Project:
        project = golden.copy(folder)
        project.record()
        return project

    return made_once(tmp_path_factory, "recorded", make)


@pytest.fixture(scope="session")
def pushed(recorded, tmp_path_factory) -> Project:
    """Its folder holds that `project`, and beside it the `store` to which its results were pushed."""

    def make(folder: Path) -> Project:
        project = recorded.copy(folder / "project")
        project.dvc("remote", "add", "--default", "store", "../store")
        project.commit("remote")
        project.dvc("push")
        return Project(folder)

    return made_once(tmp_path_factory, "pushed", make)


@pytest.fixture
def tracked(pushed, tmp_path) -> Project:
    """A finished experiment under git and DVC, pushed to a local-directory remote."""
    for name in ("project", "store"):
        shutil.copytree(pushed.folder / name, tmp_path / name, symlinks=True)
    return Project(tmp_path / "project")
