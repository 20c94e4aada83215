"""One run at a time in a working copy, a way to tell a stale lock from a live one, and no litter of killed runs.

Snakemake's own lock is a file that stays behind when it is killed. Beside it, a run holds an advisory lock of the
operating system, which goes when its last process goes, however that ends.
"""

import fcntl
import shutil
import socket
import time
from pathlib import Path
from typing import TextIO

from pipeline.run.snakemake_internals import STATE, is_locked

PATH = STATE / "model-collapse" / "running"
LAST_BREATH = 10.0  # seconds that the processes of a run just killed may need to be gone, on a busy machine
_held: TextIO | None = None


def hold() -> int:
    """Hold the lock for as long as this process lives; return its descriptor, to be inherited by children."""
    global _held
    PATH.parent.mkdir(parents=True, exist_ok=True)
    _held = open(PATH, "w")  # noqa: SIM115 (held until the process ends)
    fcntl.flock(_held, fcntl.LOCK_SH)
    _held.write(socket.gethostname())
    _held.flush()
    return _held.fileno()


def stale_lock(patience: float = LAST_BREATH) -> bool:
    """Whether Snakemake's lock is there although no run is alive; a run that is ending has `patience` seconds to.

    Of a run on another host, such as a cluster's other login node, nothing is known: locks may not cross to it.
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
    """Remove what killed jobs were writing: temporary files and folders, never anything under its final name."""
    for path in [*results.rglob(".*.part")]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
