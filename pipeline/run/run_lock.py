"""Lock of a run: one run at a time in a working copy, detection of stale locks, and removal of a killed run's files.

Snakemake's own lock is a file, which stays when Snakemake is killed. So a run also holds an advisory lock of the
operating system, which ends with the last process of the run.
"""

import fcntl
import shutil
import socket
import time
from pathlib import Path
from typing import TextIO

from pipeline.run.snakemake_internals import STATE, is_locked

PATH = STATE / "model-collapse" / "running"
LAST_BREATH = 10.0  # seconds that the processes of a killed run may need to end, on a busy machine
_lock: TextIO | None = None


def hold() -> int:
    """Hold the lock until this process ends; return its file descriptor, for child processes to inherit."""
    global _lock
    PATH.parent.mkdir(parents=True, exist_ok=True)
    _lock = open(PATH, "w")  # noqa: SIM115 (open until the process ends)
    fcntl.flock(_lock, fcntl.LOCK_SH)
    _lock.write(socket.gethostname())
    _lock.flush()
    return _lock.fileno()


def stale_lock(patience: float = LAST_BREATH) -> bool:
    """Whether Snakemake's lock exists although no run is alive. A run that is ending gets `patience` seconds to end.

    Returns False for a run on another host, such as another login node of a cluster, because locks may not reach it.
    """
    if not is_locked() or not PATH.exists() or PATH.read_text() not in ("", socket.gethostname()):
        return False
    deadline = time.monotonic() + patience
    with open(PATH, "a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.05)


def sweep(results: Path) -> None:
    """Remove the temporary files and folders of killed jobs. Files under their final names stay."""
    for path in [*results.rglob(".*.part")]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
