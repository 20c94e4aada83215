"""GPUs of jobs: the number for each rule, and a different GPU for each job on one machine.

A cluster's scheduler assigns GPUs itself. On one machine nothing does, and all jobs would take the first GPU. So
profiles/gpu tells Snakemake the number of GPUs, and there is a lock for each. A job of `python -m scripts` holds one
lock until it ends and sees only that GPU. The system frees the lock of a killed job.
"""

import fcntl
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

GPUS = "MODEL_COLLAPSE_GPUS"  # indices to assign, such as 0,1,2; unset where a scheduler assigns them
VISIBLE = "CUDA_VISIBLE_DEVICES"
LOCKS = Path(".snakemake") / "model-collapse" / "gpus"
ON_DEVICE = ("pretrain", "finetune", "generate", "evaluate")  # rules that can compute on a GPU
_locks: list[TextIO] = []


class NoGpuFree(RuntimeError):
    """More jobs need a GPU than the machine has GPUs."""


def resources(config: Mapping[str, Any], rule: str) -> dict[str, int]:
    """Return Snakemake's resource `gpu` for a job of a rule; nothing if the rule computes on the CPU."""
    if config["device"] == "cpu" or rule not in ON_DEVICE:
        return {}
    return {"gpu": config["text"]["finetune"]["processes"] if rule == "finetune" else 1}


def hand_out(count: int) -> None:
    """Let the jobs of this process share `count` GPUs: of CUDA_VISIBLE_DEVICES if it is set, or else the first."""
    visible = [index for index in os.environ.get(VISIBLE, "").split(",") if index]
    os.environ[GPUS] = ",".join((visible or [str(index) for index in range(count)])[:count])


def take(arguments: Sequence[str]) -> None:
    """Reserve a free GPU for this job, if its arguments ask for one. Raises NoGpuFree if every GPU is taken."""
    indices = os.environ.get(GPUS)
    if not indices or ("--device", "cuda") not in pairwise(arguments):
        return
    LOCKS.mkdir(parents=True, exist_ok=True)
    for index in indices.split(","):
        lock = open(LOCKS / index, "w")  # noqa: SIM115 (open until the process ends)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _locks.append(lock)
        os.environ[VISIBLE] = index
        return
    raise NoGpuFree(f"GPUs {indices}: other jobs use all of them; limit Snakemake with --resources gpu=NUMBER")
