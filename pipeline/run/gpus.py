"""Which GPU a job computes on: so many for a rule, and on a machine with several GPUs an index of its own for each job.

A cluster's scheduler hands GPUs out itself. On one machine nobody does: jobs would all take the first. So Snakemake is
told how many there are (profiles/gpu); a job that is started by `python -m scripts` holds one of as many locks for as
long as it lives; which one it got is what it sees of the GPUs. The lock of a killed job is free.
"""

import fcntl
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

GPUS = "MODEL_COLLAPSE_GPUS"  # indices that are handed out, as 0,1,2; unset where this is not ours to do
VISIBLE = "CUDA_VISIBLE_DEVICES"
LOCKS = Path(".snakemake") / "model-collapse" / "gpus"
ON_DEVICE = ("pretrain", "finetune", "generate", "evaluate")  # rules that compute on a GPU, if there is one
_held: list[TextIO] = []


class NoGpuFree(RuntimeError):
    """More jobs ask for a GPU than there are."""


def resources(config: Mapping[str, Any], rule: str) -> dict[str, int]:
    """Return the GPUs of a job as a resource of Snakemake; nothing for a rule that takes none."""
    if config["device"] == "cpu" or rule not in ON_DEVICE:
        return {}
    return {"gpu": config["text"]["finetune"]["processes"] if rule == "finetune" else 1}


def hand_out(count: int) -> None:
    """Let the jobs that this process starts share so many GPUs: those that it is shown, or the first ones."""
    visible = [one for one in os.environ.get(VISIBLE, "").split(",") if one]
    os.environ[GPUS] = ",".join((visible or [str(one) for one in range(count)])[:count])


def take(arguments: Sequence[str]) -> None:
    """In a job that computes on a GPU: see one that no other job has; NoGpuFree if there is none."""
    indices = os.environ.get(GPUS)
    if not indices or ("--device", "cuda") not in pairwise(arguments):
        return
    LOCKS.mkdir(parents=True, exist_ok=True)
    for index in indices.split(","):
        lock = open(LOCKS / index, "w")  # noqa: SIM115 (held until the process ends)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _held.append(lock)
        os.environ[VISIBLE] = index
        return
    raise NoGpuFree(f"all of the GPUs {indices} are taken; give Snakemake no more of them: --resources gpu=NUMBER")
