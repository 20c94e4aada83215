"""How much memory this machine has: all of it, and what is free now; in a container, what it may take."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")


def memory_bytes() -> int:
    """All memory that processes here may take."""
    return min(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), _number(CGROUP / "memory.max"))


def free_bytes() -> int:
    """What could be taken now without swapping; all memory where the system does not say."""
    free = memory_bytes()
    if MEMINFO.exists():
        lines = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
        free = min(free, int(lines["MemAvailable"].split()[0]) * 1024)
    used = CGROUP / "memory.current"
    return min(free, _number(CGROUP / "memory.max") - _number(used)) if used.exists() else free


def _number(path: Path) -> int:
    """Of a cgroup's file; without a limit, more than there is."""
    text = path.read_text().strip() if path.exists() else "max"
    return 1 << 62 if text == "max" else int(text)
