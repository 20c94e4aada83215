"""What the cluster is asked for, field by field, and patience with it. tests/not_kubectl stands in for kubectl."""

import json
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

from workflow import kubernetes

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "workflow" / "plugins"))
CLUSTER = kubernetes.Cluster("lab", "python:3.12", "disk", "/", {"nodeSelector": {"gpu": "yes"}})
NEEDS = {"threads": 2, "mem_mb": 1700, "runtime": 5, "disk_mb": 40}


@pytest.fixture
def state(tmp_path, monkeypatch) -> Path:
    """The folder of a cluster that is none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{ROOT / 'tests' / 'not_kubectl'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("NOT_KUBECTL", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


def made(script: str = "true", number: int = 7, **needs: int) -> dict:
    return kubernetes.job(CLUSTER, "0123456789abcdef", number, "a title", script, NEEDS | needs)


def test_a_job_asks_for_what_its_rule_needs_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = {"cpu": "2", "memory": "1700M"}
    assert made("echo $HOME $(HOME)") == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": "model-collapse-0123456789abcdef-7",
            "labels": {"model-collapse/run": "0123456789abcdef"},
            "annotations": {"model-collapse/job": "a title"},
        },
        "spec": {
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": 86400,
            "template": {
                "metadata": {"labels": {"model-collapse/run": "0123456789abcdef"}},
                "spec": {
                    "activeDeadlineSeconds": 300,
                    "automountServiceAccountToken": False,
                    "nodeSelector": {"gpu": "yes"},
                    "restartPolicy": "Never",
                    "terminationGracePeriodSeconds": 5,
                    "containers": [
                        {
                            "name": "job",
                            "image": "python:3.12",
                            "command": ["/bin/sh", "-c", "echo $$HOME $$(HOME)"],
                            "workingDir": str(tmp_path),
                            "env": [
                                {"name": "HOME", "value": "/tmp"},
                                {"name": "MODEL_COLLAPSE_KUBERNETES_RUN", "value": "0123456789abcdef"},
                            ],
                            "resources": {"requests": asked, "limits": asked},
                            "volumeMounts": [{"name": "project", "mountPath": "/"}],
                        }
                    ],
                    "volumes": [{"name": "project", "persistentVolumeClaim": {"claimName": "disk"}}],
                },
            },
        },
    }
    resources = made(gpu=4)["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert resources == {"requests": asked | {"nvidia.com/gpu": "4"}, "limits": asked | {"nvidia.com/gpu": "4"}}


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        (None, "running"),
        ([{"type": "FailureTarget", "status": "True"}], "running"),
        ([{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "True"}], "failed"),
        ([{"type": "SuccessCriteriaMet", "status": "True"}], "running"),
        ([{"type": "Complete", "status": "True"}], "success"),
        ([{"type": "Failed", "status": "False"}, {"type": "Suspended", "status": "True"}], "running"),
    ],
)
def test_a_job_has_ended_when_the_cluster_says_so(conditions, state):
    assert kubernetes.state({"status": {"conditions": conditions}}) == state


def test_a_cluster_that_is_away_is_waited_for(state, monkeypatch):
    monkeypatch.setattr(kubernetes, "PAUSE", 0.1)
    (state / "away").touch()
    assert kubernetes.states("lab", "0123456789abcdef") is None
    threading.Timer(2, (state / "away").unlink).start()
    assert kubernetes.submit("lab", made()) == "model-collapse-0123456789abcdef-7"
    assert kubernetes.submit("lab", made()) == "model-collapse-0123456789abcdef-7"  # had the first answer been lost
    assert [*kubernetes.states("lab", "0123456789abcdef")] == ["model-collapse-0123456789abcdef-7"]
    assert kubernetes.states("lab", "another") == {}


def test_a_job_that_the_cluster_refuses_is_not_sent_for_ever(state):
    with pytest.raises(kubernetes.QueueError, match=r"Forbidden.*exceeded quota"):
        kubernetes.submit("lab", made() | {"kind": "refused"})


def test_a_job_of_an_earlier_run_does_nothing(state, monkeypatch):
    kubernetes.RECORDS.mkdir(parents=True)
    kubernetes.record("mini").write_text("lab newer")
    monkeypatch.setenv(kubernetes.RUN, "newer")
    kubernetes.check_job("mini")
    monkeypatch.setenv(kubernetes.RUN, "earlier")
    with pytest.raises(kubernetes.QueueError, match="mini: a newer run has taken the place of earlier"):
        kubernetes.check_job("mini")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("image", None, "image: None is no text"),
        ("mount", "/elsewhere", "mount: /elsewhere: .* does not lie in it"),
        ("pod", {"volumes": []}, "pod must be a block without .*volumes"),
        ("extra", 1, "the keys must be namespace, image, claim, mount, pod"),
    ],
)
def test_settings_that_would_fail_in_the_cluster_are_refused_here(tmp_path, key, value, message):
    settings = yaml.safe_load((ROOT / "profiles" / "kubernetes" / "cluster.yaml").read_text()) | {"mount": "/"}
    path = tmp_path / "cluster.yaml"
    path.write_text(yaml.safe_dump(settings))
    assert kubernetes.read_cluster(path, tmp_path).claim == "model-collapse"
    path.write_text(yaml.safe_dump(settings | {key: value}))
    with pytest.raises(kubernetes.QueueError, match=message):
        kubernetes.read_cluster(path, tmp_path)


@pytest.mark.parametrize(
    "word", ["it's $(touch stray)", "'", '"`touch stray`"', "\\", "a\nb; touch stray", "$$ ${HOME}"]
)
def test_words_of_the_user_are_no_commands(word, tmp_path):
    from snakemake_executor_plugin_kubernetes_jobs import requoted
    from snakemake_interface_executor_plugins.utils import format_cli_arg

    tell = f"{shlex.quote(sys.executable)} -c 'import json, sys; print(json.dumps(sys.argv[1:]))'"
    command = requoted(f"{tell} {format_cli_arg('--config', [f'folder={word}'])}")
    told = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == ["--config", f"folder={word}"]
    assert not [*tmp_path.iterdir()]
