import os

import pytest

from tests.workflow.project import Project


@pytest.fixture(autouse=True)
def one_thread():
    """As in the jobs: with several threads the last bit of a sum depends on how rows are shared out."""
    import torch

    torch.set_num_threads(1)


# what the tests check is the code on disk, whatever the shell that started them has set
for name in ("MODEL_COLLAPSE_WARM_START", "SNAKEMAKE_PROFILE"):
    os.environ.pop(name, None)


@pytest.fixture(scope="session")
def golden(tmp_path_factory) -> Project:
    """The mini experiment, run once from nothing to its report; tests work on copies of it."""
    project = Project.create(tmp_path_factory.mktemp("golden"))
    project.run("--cores", "4")
    project.executed()
    return project


@pytest.fixture
def mini(golden, tmp_path) -> Project:
    """A finished mini experiment to change at will."""
    return golden.copy(tmp_path / "project")


@pytest.fixture(scope="session")
def recorded(golden, tmp_path_factory) -> Project:
    """The same under git and DVC; tests work on copies and clones of it."""
    project = golden.copy(tmp_path_factory.mktemp("recorded") / "project")
    project.record()
    return project
