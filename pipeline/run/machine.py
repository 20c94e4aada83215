"""Memory of this machine, total and free, within the limit of a container."""

from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")


def memory_bytes() -> int:
    """Return the memory that processes on this machine may use, in bytes."""
    return min(int(psutil.virtual_memory().total), _number("memory.max"))


def free_bytes() -> int:
    """Return the memory that is free without swapping, in bytes."""
    used = _number("memory.current") if (CGROUP / "memory.current").exists() else 0
    return min(int(psutil.virtual_memory().available), _number("memory.max") - used)


def _number(name: str) -> int:
    """Read a number from a file of the container. Without a limit, return more bytes than any machine has."""
    path = CGROUP / name
    text = path.read_text().strip() if path.exists() else "max"
    return 1 << 62 if text == "max" else int(text)
