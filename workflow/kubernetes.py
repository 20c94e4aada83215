"""Jobs of a run as Jobs of Kubernetes: what is asked of `kubectl`, and one run of an experiment at a time, also there.

Every pod mounts the persistent volume claim that holds this folder, at the path that it has here, so a job reads and
writes the files of `results/` as everywhere. A run is a label on its Jobs: by it they are watched and deleted.
"""

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from collapse.artefacts import whole_file
from workflow.slurm import PATIENCE, PAUSE, QueueError

RECORDS = Path(".snakemake") / "model-collapse" / "kubernetes"
RUN = "MODEL_COLLAPSE_KUBERNETES_RUN"  # told to jobs through their environment
LABEL = "model-collapse/run"
KEPT = 24 * 3600  # seconds that a finished Job and its output can still be looked at
OURS = {"activeDeadlineSeconds", "containers", "restartPolicy", "volumes"}  # of a pod: what no setting changes


@dataclass(frozen=True)
class Cluster:
    """Where Jobs are made: the settings beside the profile."""

    namespace: str
    image: str
    claim: str
    mount: str
    pod: Mapping[str, Any]


def read_cluster(path: Path, folder: Path) -> Cluster:
    """The settings in `path`; QueueError if they do not say what is needed, or the claim would not hold `folder`."""
    try:
        found = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise QueueError(f"{path}: cannot be read ({error}); name the cluster's settings in the profile") from error
    keys = [*Cluster.__annotations__]
    if not isinstance(found, dict) or {*found} != {*keys}:
        raise QueueError(f"{path}: the keys must be {', '.join(keys)}")
    for key in keys[:-1]:
        if not (isinstance(found[key], str) and found[key]):
            raise QueueError(f"{path}: {key}: {found[key]!r} is no text; give the name")
    if not isinstance(found["pod"], dict) or OURS & {*found["pod"]}:
        raise QueueError(f"{path}: pod must be a block without {', '.join(sorted(OURS))}; {{}} for nothing")
    if not (found["mount"].startswith("/") and folder.is_relative_to(found["mount"])):
        raise QueueError(
            f"{path}: mount: {found['mount']}: {folder} does not lie in it; "
            "give the path at which the claim is mounted here"
        )
    return Cluster(**found)


def job(cluster: Cluster, run: str, number: int, title: str, script: str, needs: Mapping[str, int]) -> dict[str, Any]:
    """The Job that runs a shell script in this folder.

    `needs`: threads, mem_mb (10⁶ bytes), runtime (minutes), gpu (none if it is missing). No space is asked of the node
    (disk_mb): what a job writes lies on the claim.
    """
    resources = {"cpu": str(needs["threads"]), "memory": f"{needs['mem_mb']}M"}
    if needs.get("gpu"):
        resources["nvidia.com/gpu"] = str(needs["gpu"])
    container = {
        "name": "job",
        "image": cluster.image,
        # Kubernetes itself puts values in place of $(NAME), unless the dollar is doubled
        "command": ["/bin/sh", "-c", script.replace("$", "$$")],
        "workingDir": str(Path.cwd()),
        # a user that the image does not know has no home, and libraries want one
        "env": [{"name": "HOME", "value": "/tmp"}, {"name": RUN, "value": run}],
        "resources": {"requests": resources, "limits": resources},
        "volumeMounts": [{"name": "project", "mountPath": cluster.mount}],
    }
    pod = {
        "automountServiceAccountToken": False,  # jobs ask nothing of the cluster
        "terminationGracePeriodSeconds": 5,  # a job may be killed at any moment
        **cluster.pod,
        "restartPolicy": "Never",
        # of the pod: of the Job it would count waiting for a node too
        "activeDeadlineSeconds": 60 * needs["runtime"],
        "containers": [container],
        "volumes": [{"name": "project", "persistentVolumeClaim": {"claimName": cluster.claim}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"model-collapse-{run}-{number}",
            "labels": {LABEL: run},
            "annotations": {"model-collapse/job": title},
        },
        "spec": {
            "backoffLimit": 0,  # Snakemake tries again, and asks for more
            "ttlSecondsAfterFinished": KEPT,
            "template": {"metadata": {"labels": {LABEL: run}}, "spec": pod},
        },
    }


def kubectl(namespace: str, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess:
    """What kubectl says. In a session of its own: Ctrl-C is for Snakemake to answer."""
    command = ["kubectl", "--namespace", namespace, "--request-timeout=60s", *arguments]
    try:
        return subprocess.run(command, input=given, capture_output=True, text=True, start_new_session=True)
    except FileNotFoundError as error:
        raise QueueError("there is no kubectl here; install it, and see that `kubectl get jobs` works") from error


def submit(namespace: str, made: Mapping[str, Any]) -> str:
    """Create a Job, once, and return its name; while the cluster is away wait. QueueError if it refuses the Job."""
    answers = False
    while True:
        done = kubectl(namespace, "create", "--filename=-", given=json.dumps(made))
        if done.returncode == 0 or "AlreadyExists" in done.stderr:  # it was made, and the answer was lost
            return made["metadata"]["name"]
        if answers:
            raise QueueError(f"kubectl: {done.stderr.strip()}")
        while kubectl(namespace, "get", "--raw=/readyz").returncode != 0:
            time.sleep(PAUSE)
        answers = True


def states(namespace: str, run: str) -> dict[str, str] | None:
    """Of each Job of a run: running, success or failed; None while the cluster does not answer."""
    done = kubectl(namespace, "get", "jobs", f"--selector={LABEL}={run}", "--output=json")
    if done.returncode != 0:
        return None
    return {one["metadata"]["name"]: state(one) for one in json.loads(done.stdout)["items"]}


def state(found: Mapping[str, Any]) -> str:
    """Of a Job as the cluster shows it; one that is about to fail (FailureTarget) still has a pod that is ending."""
    conditions = found.get("status", {}).get("conditions") or []
    true = {one["type"] for one in conditions if one["status"] == "True"}
    return "success" if "Complete" in true else "failed" if "Failed" in true else "running"


def delete(namespace: str, run: str) -> bool:
    """Ask for the end of all Jobs of a run, each there until its pod is gone; whether the cluster agreed."""
    options = (f"--selector={LABEL}={run}", "--cascade=foreground", "--wait=false")
    return kubectl(namespace, "delete", "jobs", *options).returncode == 0


def record(experiment: str) -> Path:
    """The file with namespace and name of an experiment's newest run; none if that has come to its end."""
    return RECORDS / experiment


def begin(experiment: str, executor: Any) -> None:
    """Before anything is written: end what an earlier run has left, then name this one, if it makes such Jobs."""
    path = record(experiment)
    if path.exists():
        end_jobs(path)
        path.unlink()
    if run := getattr(executor, "kubernetes_run", None):
        with whole_file(path) as file:
            file.write_text(f"{executor.cluster.namespace} {run}")


def check_job(experiment: str) -> None:
    """In a pod, before a job does anything: QueueError if its run is not the newest of the experiment."""
    run, path = os.environ.get(RUN), record(experiment)
    if run is not None and not (path.exists() and path.read_text().split()[-1] == run):
        raise QueueError(f"{experiment}: a newer run has taken the place of {run}, to which this job belongs")


def end_jobs(path: Path) -> None:
    """Delete all Jobs of a recorded run and wait until none is left; QueueError if that takes more than PATIENCE."""
    namespace, run = path.read_text().split()
    deadline = time.monotonic() + PATIENCE
    while (left := states(namespace, run)) is None or left:
        if time.monotonic() > deadline:
            raise QueueError(
                f"{path}: Jobs of an earlier run do not end, or the cluster does not answer; look at "
                "`kubectl get jobs`, or delete this file if you are sure that no such job can run any more"
            )
        delete(namespace, run)
        time.sleep(PAUSE)
