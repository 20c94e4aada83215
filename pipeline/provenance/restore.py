"""Put back results that `dvc.lock` records and that are missing here, from the DVC cache; nothing is overwritten.

    python -m pipeline.provenance.restore [--check] [--unpack]

Run before Snakemake, so that a deleted generation is fetched and not computed again. After `dvc pull`, `--check` holds
all of the cache that `dvc.lock` names to its checksums, and `--unpack` brings Snakemake's provenance in line with the
results.

DVC never reads an object again that it has made read-only. So a corrupted one is found here, and removed: else a pull
would leave it, a new result of the same bytes would be taken for stored, and a push would spread it.
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
    """Restore what is missing and return how many files that were."""
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
        # a failed job leaves the record of options that it never finished with: the file's own record comes too
        if path.as_posix() in known:
            records.write_record(path.as_posix(), known[path.as_posix()], STATE)
    if restored:
        print(f"Restored {restored} missing files from the DVC cache.", file=sys.stderr)
    return restored


def corrupted_files(lock: Path = Path("dvc.lock")) -> int:
    """Remove results whose objects in the cache were corrupted, with these, and return how many."""
    files = recorded(lock)
    wrong = {stored for stored in set(files.values()) if stored.exists() and not sound(stored)}
    corrupted = [path for path, stored in files.items() if stored in wrong]
    for path in corrupted:
        path.unlink(missing_ok=True)
    return len(corrupted)


if __name__ == "__main__":
    if "--check" in sys.argv[1:] and (count := corrupted_files()):
        raise SystemExit(
            f"{count} results were corrupted in the DVC cache and are removed: `dvc pull`, then this again"
        )
    missing_files()
    if "--unpack" in sys.argv[1:]:
        for results in sorted(Path("results").glob("*")):
            records.unpack(results, STATE, force=True)
            records.mend(results, STATE)
