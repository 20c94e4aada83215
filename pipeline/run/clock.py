"""Repair of file times that lie in the future, because the clock was set back.

Snakemake refuses an output that is older than its input. So no job could read such files before that time has come.
"""

import os
import time
from pathlib import Path

TOLERANCE = 2.0  # seconds: the resolution of some file systems


def mend(results: Path) -> None:
    """Set the time of files from the future to now. All get the same time, so none becomes newer than another."""
    now = time.time()
    for path in results.rglob("*"):
        if path.is_file() and path.stat().st_mtime > now + TOLERANCE:
            os.utime(path, (now, now))
