"""The commands of the workflow file in docs/ci, run one after the other as on the service."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.external.remotes.servers import KEYS, ONCE, Remote, free_port
from tests.project import CHAIN, ENVIRONMENT, ROOT, Project
from tests.run.test_dvc import chain

pytestmark = pytest.mark.remotes

JOB = yaml.safe_load((ROOT / "docs" / "ci" / "github-actions.yml").read_text())["jobs"]["results"]


def run_job(project: Project, runner: Path) -> tuple[str, int]:
    """Run the commands until one fails; return name and exit status of the last.

    The runner has an empty home, no git identity and no terminal. The packages come from this environment.
    """
    runner.mkdir()
    (runner / "path").touch()
    for name in ("python", "run", "remotes"):  # marks of make: already installed
        (project.folder / ".venv").mkdir(exist_ok=True)
        (project.folder / ".venv" / name).touch()
    secrets = {f"AWS_{name.upper()}": value for name, value in KEYS.items()}
    assert {name for name, value in JOB["env"].items() if "secrets." in value} == secrets.keys()
    git = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    runners = {"CI": "true", "HOME": str(runner), "GITHUB_PATH": str(runner / "path"), "LANG": "C.UTF-8"}
    environment = git | runners | JOB["env"] | secrets | ONCE
    for step in [step for step in JOB["steps"] if "run" in step]:
        added = (runner / "path").read_text().split()
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=project.folder, text=True,
            env=environment | {"PATH": os.pathsep.join([*added, ENVIRONMENT["PATH"]])},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,  # no terminal for questions
        )  # fmt: skip
        print(step["name"], done.stdout, sep="\n")
        if done.returncode != 0:
            break
    return step["name"], done.returncode


def configure(project: Project, remote: Remote, port: int) -> None:
    """Write the remote into .dvc/config without its keys, as a user would."""
    project.dvc("remote", "add", "--force", "--default", "store", f"{remote.url}/ci")
    project.dvc("remote", "modify", "store", "endpointurl", f"http://127.0.0.1:{port}")


def test_a_runner_computes_what_is_new_and_stores_it(remotes, recorded, tmp_path):
    origin = recorded.clone(tmp_path / "origin")
    remotes["s3"].configure(recorded, folder="ci")
    recorded.dvc("push")
    configure(origin, remotes["s3"], remotes["s3"].port)
    origin.configure({"text": {"generations": 4}})
    origin.commit("One generation more")

    runner = origin.clone(tmp_path / "clone")
    assert run_job(runner, tmp_path / "runner") == ("Store", 0)
    assert chain(runner.executed()) == dict.fromkeys(CHAIN, 4)

    (origin.folder / "dvc.lock").write_bytes((runner.folder / "dvc.lock").read_bytes())
    remotes["s3"].configure(origin, folder="ci")
    origin.dvc("pull")
    origin.restore()
    assert origin.plan() == {}
    assert origin.bytes() == runner.bytes()


def test_a_failed_pull_ends_the_job_before_anything_is_computed(remotes, recorded, tmp_path):
    runner = recorded.clone(tmp_path / "clone")
    configure(runner, remotes["s3"], free_port())  # a port without a server
    name, status = run_job(runner, tmp_path / "runner")
    assert name.startswith("Fetch") and status != 0
    assert not (runner.folder / ".snakemake").exists()
