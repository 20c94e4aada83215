"""Jobs that run at the same time get different GPUs. The GPU of a killed job is free again."""

import os
import subprocess
import sys

import pytest

from pipeline.run import gpus
from tests.project import ROOT

JOB = (
    "import os, sys, time; from pipeline.run import gpus; gpus.take(['--device', sys.argv[1]]);"
    "print(os.environ.get('CUDA_VISIBLE_DEVICES'), flush=True); time.sleep(60)"
)


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Return a function that starts jobs on a machine whose visible GPUs begin with 4 and 6."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6,7")
    monkeypatch.delenv(gpus.GPUS, raising=False)
    gpus.hand_out(2)
    started = []

    def job(device: str = "cuda") -> tuple[subprocess.Popen, str]:
        process = subprocess.Popen(
            [sys.executable, "-c", JOB, device], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        started.append(process)
        return process, process.stdout.readline().strip()

    yield job
    for process in started:
        process.kill()
        process.wait()
    os.environ.pop(gpus.GPUS, None)


def test_each_job_has_a_gpu_of_its_own_and_a_killed_ones_is_free(start):
    first, index = start()
    _, other = start()
    assert {index, other} == {"4", "6"}
    third, nothing = start()
    assert nothing == "" and third.wait() != 0
    assert start("cpu")[1] == "4,6,7"  # a job on the CPU takes none
    first.kill()
    first.wait()
    assert start()[1] == index
