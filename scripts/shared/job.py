"""What every job does alike: arguments, progress with the time left, timings, and errors that a person can act on."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
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
        """Print a line every two seconds: what is done and how long the rest takes at this pace."""
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


def parser(description: str | None) -> argparse.ArgumentParser:
    """Arguments that every script takes."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    made.add_argument("--code", required=True, help="hash of the source that this job runs, for the manifest")
    made.add_argument("--benchmark", type=Path, help="where to write this job's timings")
    return made


def add_place(made: argparse.ArgumentParser) -> None:
    """Arguments that say which link of which chain this is."""
    made.add_argument("--arm", required=True)
    made.add_argument("--seed", type=int, required=True)
    made.add_argument("--generation", type=int, required=True)


def add_owners(made: argparse.ArgumentParser, *kinds: str) -> None:
    """Arguments that say whose training set, model or text a link takes, where another arm has made the same before."""
    for kind in kinds:
        made.add_argument(f"--{kind}-arm", help=f"the arm in whose folder the {kind} lies; this one's if left out")


def place(args: argparse.Namespace, kind: str | None = None) -> dict[str, str | int]:
    """Where a link lies, as manifests state it, or where it takes its training set, model or text from."""
    owner = getattr(args, f"{kind}_arm") if kind else None
    return {"arm": owner or args.arm, "seed": args.seed, "generation": args.generation}


def pairs(values: Sequence[str]) -> dict[str, str]:
    """`["train=a.txt", "test=b.txt"]` as a dictionary."""
    return dict(value.split("=", 1) for value in values)


def arm_name(arm: str) -> str:
    """An arm as a reader sees it."""
    return arm.replace("_", " ").replace("pct", "%")


def read_json(path: Path) -> dict:
    return json.loads(Path(path).read_text())


def run(main: Callable[[], None]) -> None:
    """Run a script's main; a foreseen failure ends in its message alone, anything else in a traceback."""
    try:
        main()
    except (ValueError, FileNotFoundError, FloatingPointError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
