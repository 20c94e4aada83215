"""How the C library handles freed memory. No result depends on it."""

import ctypes
import sys


def keep_freed() -> None:
    """Tell the C library to reuse what is freed: handing tens of megabytes back after every product costs a tenth.

    Does nothing where the C library is not glibc.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt:
            trim_threshold, mmap_threshold, arena_max = -1, -3, -8  # names of malloc.h
            mallopt(mmap_threshold, 1 << 30)
            mallopt(trim_threshold, (1 << 31) - 1)
            mallopt(arena_max, 1)  # other arenas cannot hold so much
