"""Progress and timings of a job. No result depends on them."""

import resource
import sys
import time
from pathlib import Path

from collapse.artefacts import write_json

STARTED = time.monotonic()


class Timer:
    """One run of a script: measures the part that computes, and reports progress on standard error."""

    def __init__(self, benchmark: Path | None) -> None:
        self.benchmark = benchmark
        self.compute_seconds = 0.0
        self._entered = 0.0
        self._last_line = 0.0

    def __enter__(self) -> "Timer":
        """Begin the part that trains, generates or scores."""
        self._entered = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.compute_seconds += time.monotonic() - self._entered

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Print a line every two seconds, with the part that is done and the time left."""
        now = time.monotonic()
        if now - self._last_line < 2 and done != total:
            return
        self._last_line = now
        left = (now - self._entered) / done * (total - done)
        print(f"{done}/{total} {note}{', ' if note else ''}{left:.0f} s left", file=sys.stderr, flush=True)

    def finish(self) -> None:
        """Write the timings, which no other file depends on."""
        if self.benchmark:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            write_json(
                self.benchmark,
                {
                    "wall_seconds": round(time.monotonic() - STARTED, 3),
                    "compute_seconds": round(self.compute_seconds, 3),
                    "peak_memory_bytes": peak * (1 if sys.platform == "darwin" else 1024),
                },
            )
