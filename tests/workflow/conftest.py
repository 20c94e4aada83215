import pytest

from tests.workflow.project import Project


@pytest.fixture
def tracked(recorded, tmp_path) -> Project:
    """A finished experiment under git and DVC, pushed to a local-directory remote."""
    project = recorded.copy(tmp_path / "project")
    project.dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    project.commit("remote")
    project.dvc("push")
    return project
