import pytest

from tests.workflow.project import Project


@pytest.fixture(scope="session")
def golden(tmp_path_factory) -> Project:
    """The mini experiment, run once from nothing to its report; tests work on copies of it."""
    project = Project.create(tmp_path_factory.mktemp("golden"))
    project.run()
    project.executed()
    return project


@pytest.fixture
def mini(golden, tmp_path) -> Project:
    """A finished mini experiment to change at will."""
    return golden.copy(tmp_path / "project")
