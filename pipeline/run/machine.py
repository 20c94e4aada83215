"""Memory of this machine, total and free, within the limit of a container."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")


def memory_bytes() -> int:
    """Return the memory that processes on this machine may use, in bytes."""
    return min(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), _number(CGROUP / "memory.max"))


def free_bytes() -> int:
    """Return the memory that is free without swapping, in bytes; all memory if the system gives no number."""
    free = memory_bytes()
    if MEMINFO.exists():
        lines = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
        free = min(free, int(lines["MemAvailable"].split()[0]) * 1024)
    used = CGROUP / "memory.current"
    return min(free, _number(CGROUP / "memory.max") - _number(used)) if used.exists() else free


def _number(path: Path) -> int:
    """Read a number from a cgroup's file. Without a limit, return more bytes than any machine has."""
    text = path.read_text().strip() if path.exists() else "max"
    return 1 << 62 if text == "max" else int(text)
