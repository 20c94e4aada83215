"""`dvc exp run` with a changed value runs only new jobs, and the workspace can be restored."""

import pytest

from tests.project import CHAIN
from tests.run.test_dvc import chain


@pytest.mark.slow
def test_an_experiment_runs_what_is_new_and_leaves_a_workspace_that_goes_back(tracked):
    before = tracked.bytes()
    configuration = tracked.folder / "config.yaml"
    configuration.write_text("# a comment of the user\n" + configuration.read_text())
    tracked.commit("A comment")

    tracked.dvc("exp", "run", "--name", "longer", "--set-param", "config.yaml:text.generations=4")
    assert chain(tracked.executed()) == dict.fromkeys(CHAIN, 4)
    assert tracked.plan() == {}
    assert "up to date" in tracked.dvc("status")
    assert "longer" in tracked.dvc("exp", "list")
    assert configuration.read_text().startswith("# a comment of the user\n")

    tracked.command("git", "checkout", "--quiet", "--force", "main")
    tracked.restore()
    assert tracked.plan() == {}
    assert tracked.bytes() == before

    tracked.dvc("exp", "apply", "longer")
    tracked.restore()
    assert tracked.plan() == {}
    assert (tracked.results / "text" / "replace" / "seed1" / "generation3" / "metrics.json").exists()
