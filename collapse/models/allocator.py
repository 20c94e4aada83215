"""Settings of the C library's memory allocator. No result depends on them."""

import ctypes
import sys


def keep_freed() -> None:
    """Make the C library keep freed memory. Returning tens of megabytes after every product takes a tenth of the time.

    Does nothing if the C library is not glibc.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt:
            trim_threshold, mmap_threshold, arena_max = -1, -3, -8  # numbers from malloc.h
            mallopt(mmap_threshold, 1 << 30)
            mallopt(trim_threshold, (1 << 31) - 1)
            mallopt(arena_max, 1)  # other arenas cannot hold as much
