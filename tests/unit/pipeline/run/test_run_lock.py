"""The lock of a killed run is distinguished from that of a live run, also while the killed run ends."""

import subprocess
import sys

import pytest

from pipeline.run import run_lock

HOLD = (
    "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_SH); print(flush=True);"
    " time.sleep({})"
)


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """Leave Snakemake's lock in a folder; return a function that starts a process with the run's lock."""
    monkeypatch.chdir(tmp_path)
    for folder in (run_lock.STATE / "locks", run_lock.PATH.parent):
        folder.mkdir(parents=True)
    (run_lock.STATE / "locks" / "0.output.lock").touch()

    def holder(seconds: float) -> subprocess.Popen:
        process = subprocess.Popen([sys.executable, "-c", HOLD.format(seconds), run_lock.PATH], stdout=subprocess.PIPE)
        process.stdout.readline()
        return process

    return holder


def test_a_run_that_is_ending_is_waited_for(locked):
    process = locked(1)
    assert run_lock.stale_lock()
    assert process.wait() == 0


def test_a_living_run_keeps_its_lock(locked):
    process = locked(60)
    try:
        assert not run_lock.stale_lock(patience=0.2)
    finally:
        process.kill()
        process.wait()
