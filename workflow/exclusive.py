"""One run at a time in a working copy, and a way to tell a stale lock from a live one.

Snakemake's own lock is a file that stays behind when it is killed. Beside it, a run holds an advisory lock of the
operating system, which goes when its process goes, however that ends.
"""

import fcntl
import os
from pathlib import Path
from typing import TextIO

STATE = Path(".snakemake")
PATH = STATE / "model-collapse" / "running"
_held: TextIO | None = None


def hold() -> None:
    """Hold the lock for as long as this process lives; called by Snakemake when a run starts."""
    global _held
    PATH.parent.mkdir(parents=True, exist_ok=True)
    _held = open(PATH, "w")  # noqa: SIM115 (held until the process ends)
    fcntl.flock(_held, fcntl.LOCK_SH)
    _held.write(str(os.getpid()))
    _held.flush()


def stale_lock() -> bool:
    """Whether Snakemake's lock is there although no run is alive."""
    if not any((STATE / "locks").glob("*")) or not PATH.exists():
        return False
    with open(PATH, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
