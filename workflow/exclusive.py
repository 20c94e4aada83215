"""One run at a time in a working copy, a way to tell a stale lock from a live one, and no litter of killed runs.

Snakemake's own lock is a file that stays behind when it is killed. Beside it, a run holds an advisory lock of the
operating system, which goes when its last process goes, however that ends.
"""

import fcntl
import shutil
from pathlib import Path
from typing import TextIO

STATE = Path(".snakemake")
PATH = STATE / "model-collapse" / "running"
_held: TextIO | None = None


def hold() -> int:
    """Hold the lock for as long as this process lives; return its descriptor, to be inherited by children."""
    global _held
    PATH.parent.mkdir(parents=True, exist_ok=True)
    _held = open(PATH, "w")  # noqa: SIM115 (held until the process ends)
    fcntl.flock(_held, fcntl.LOCK_SH)
    return _held.fileno()


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


def sweep(results: Path) -> None:
    """Remove what killed jobs were writing: temporary files and folders, never anything under its final name."""
    for path in [*results.rglob(".*.part")]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
