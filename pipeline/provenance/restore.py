"""Restore missing results that `dvc.lock` records from the DVC cache. Existing files are never overwritten.

    python -m pipeline.provenance.restore [--check] [--unpack]

This runs before Snakemake, so that a deleted generation is restored and not computed again. After `dvc pull`, `--check`
compares the cache with the checksums in `dvc.lock`, and `--unpack` replaces Snakemake's records by the packed ones.

DVC does not check an object again after it has made it read-only. So this module removes corrupted objects. Otherwise a
pull would keep them, and a push would spread them.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from pipeline.provenance import records
from pipeline.provenance.dvc_internals import recorded, sound
from pipeline.run.snakemake_internals import STATE


def missing_files(lock: Path = Path("dvc.lock")) -> int:
    """Restore missing files and return their number."""
    files = recorded(lock)
    missing = {path: stored for path, stored in files.items() if not path.exists()}
    known: dict[str, dict[str, Any]] = {}
    for path, stored in files.items() if missing else ():
        if path.name == records.NAME and sound(stored):
            known |= json.loads(stored.read_text())
    restored = 0
    for path, stored in missing.items():
        if not sound(stored):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        shutil.copyfile(stored, temporary)
        os.replace(temporary, path)
        restored += 1
        # a failed job may have left a record with other options, so the file's own record is restored too
        if path.as_posix() in known:
            records.write_record(path.as_posix(), known[path.as_posix()], STATE)
    if restored:
        print(f"Restored {restored} missing files from the DVC cache.", file=sys.stderr)
    return restored


def corrupted_files(lock: Path = Path("dvc.lock")) -> int:
    """Remove corrupted objects of the cache and the results that they hold; return the number of results."""
    files = recorded(lock)
    wrong = {stored for stored in set(files.values()) if stored.exists() and not sound(stored)}
    corrupted = [path for path, stored in files.items() if stored in wrong]
    for path in corrupted:
        path.unlink(missing_ok=True)
    return len(corrupted)


if __name__ == "__main__":
    if "--check" in sys.argv[1:] and (count := corrupted_files()):
        raise SystemExit(
            f"{count} results were corrupted in the DVC cache and are removed; run `dvc pull`, then this command again"
        )
    missing_files()
    if "--unpack" in sys.argv[1:]:
        for results in sorted(Path("results").glob("*")):
            records.unpack(results, STATE, force=True)
            records.mend(results, STATE)
