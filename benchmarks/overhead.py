"""Overhead of a run: the share of time for Python's start, imports, Snakemake, reading and writing.

    python -m benchmarks.overhead [--short] [--json FILE]

Runs the default experiment (the mini experiment with --short) from the start in a clean clone. The share is 1 −
computing core-seconds / (wall seconds × cores). The computing core-seconds of the pretraining job are its seconds × its
threads. Also prints the time of the first import of each script.
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
        "--short", action="store_true", help="run the mini experiment, whose jobs are too short to be typical"
    )
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result = {"cores": os.cpu_count(), **run_share(args.short), "import_seconds": import_seconds()}
    text = json.dumps(result, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")


def run_share(short: bool) -> dict[str, Any]:
    """Run an experiment; return wall seconds, computing core-seconds by rule, and the share of overhead."""
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
    """Return the numbers of `run_share` for a finished run of `wall` seconds."""
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
    """Return the seconds of `import scripts.NAME` in a new process, without Python's own start."""
    names = sorted(path.stem for path in (ROOT / "scripts").glob("*.py") if not path.stem.startswith("_"))
    bare = best("pass")
    return {name: round(best(f"import scripts.{name}") - bare, 2) for name in names}


def best(code: str) -> float:
    """Return the seconds of the fastest of three runs."""
    times = []
    for _ in range(3):
        started = time.monotonic()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        times.append(time.monotonic() - started)
    return min(times)


if __name__ == "__main__":
    main()
