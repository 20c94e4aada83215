"""Run the default experiment twice from the start, with -j1 and with -j4, and compare every byte of the results.

    python -m benchmarks.determinism [--configfile PRESET] [--keep FOLDER]

Each run gets a clean clone of the repository. Exits with status 1 and names the files that differ.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configfile", help="a preset, relative to the repository")
    parser.add_argument("--keep", type=Path, help="folder to work in; both copies stay there")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        sums = {}
        for jobs in (1, 4):
            copy = folder / f"j{jobs}"
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True)
            started = time.monotonic()
            command = [sys.executable, "-m", "pipeline.run", "--cores", str(jobs)]
            if args.configfile:
                command += ["--configfile", args.configfile]
            subprocess.run(command, cwd=copy, check=True)
            sums[jobs] = checksums(copy / "results")
            print(f"-j{jobs}: {len(sums[jobs])} files in {time.monotonic() - started:.0f} s")
    different = sorted(name for name in sums[1] | sums[4] if sums[1].get(name) != sums[4].get(name))
    print("\n".join([f"{len(different)} files differ", *different]) if different else "all bytes are equal")
    return bool(different)


def checksums(results: Path) -> dict[str, str]:
    """Return the sha256 of every result except timings, by path."""
    return {
        path.relative_to(results).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file() and "benchmark" not in path.parts
    }


if __name__ == "__main__":
    raise SystemExit(main())
