"""What share of a run is not training, generating or scoring: Python's start, imports, Snakemake, reading, writing.

    python -m benchmarks.overhead [--short] [--json FILE]

Runs the default experiment (the mini one with --short) from nothing in a clean copy. The share is one minus the seconds
that jobs spent computing over the seconds that the cores were there: wall time × cores, and for the pretraining job,
which has more than one thread, its computing seconds × threads. Also prints what importing each script costs cold.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--short", action="store_true", help="the mini experiment, whose jobs are too short to be typical"
    )
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result = {"cores": os.cpu_count(), **run_share(args.short), "import_seconds": import_seconds()}
    text = json.dumps(result, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")


def run_share(short: bool) -> dict[str, Any]:
    """Wall seconds of a whole run, computing core-seconds by rule, and the share that is neither."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), folder], check=True)
        options = ["--configfile", "tests/mini.yaml"] if short else []
        started = time.monotonic()
        subprocess.run([sys.executable, "-m", "pipeline.run", *options], cwd=folder, check=True)
        wall = time.monotonic() - started
        config = yaml.safe_load(
            (Path(folder) / "tests/mini.yaml" if short else Path(folder) / "config.yaml").read_text()
        )
        return share(wall, Path(folder) / "results", config["base_model"]["pretraining"]["threads"])


def share(wall: float, results: Path, pretraining_threads: int) -> dict[str, Any]:
    """The same for a run that has been timed."""
    computing: dict[str, float] = {}
    for path in results.glob("*/benchmark/**/*.json"):
        seconds = json.loads(path.read_text())["compute_seconds"]
        threads = pretraining_threads if path.stem == "pretrain" else 1
        computing[path.stem] = computing.get(path.stem, 0) + seconds * threads
    available = wall * (os.cpu_count() or 1)
    return {
        "wall_seconds": round(wall, 1),
        "computing_core_seconds": {rule: round(seconds, 1) for rule, seconds in sorted(computing.items()) if seconds},
        "share_not_computing": round(1 - sum(computing.values()) / available, 3),
    }


def import_seconds() -> dict[str, float]:
    """Best of three of a cold `import scripts.NAME`, less Python's own start."""
    names = sorted(path.stem for path in (ROOT / "scripts").glob("*.py") if not path.stem.startswith("_"))
    bare = best("pass")
    return {name: round(best(f"import scripts.{name}") - bare, 2) for name in names}


def best(code: str) -> float:
    """Seconds of the fastest of three runs."""
    times = []
    for _ in range(3):
        started = time.monotonic()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        times.append(time.monotonic() - started)
    return min(times)


if __name__ == "__main__":
    main()
