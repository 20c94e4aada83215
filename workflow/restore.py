"""Put back results that `dvc.lock` records and that are missing here, from the DVC cache; nothing is overwritten.

    python -m workflow.restore [--unpack]

Run before Snakemake, so that a deleted generation is fetched and not computed again. `--unpack`, after `dvc pull` or
`dvc checkout`, also brings Snakemake's provenance in line with the results.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from workflow import provenance

STATE = Path(".snakemake")


def missing_files(lock: Path = Path("dvc.lock")) -> int:
    """Restore what is missing and return how many files that were."""
    if not lock.exists():
        return 0
    outputs = [
        output
        for stage in (yaml.safe_load(lock.read_text()) or {}).get("stages", {}).values()
        for output in stage.get("outs", [])
    ]
    if not outputs:
        return 0
    asked = subprocess.run([sys.executable, "-m", "dvc", "cache", "dir"], capture_output=True, text=True)
    if asked.returncode != 0:
        return 0
    objects = Path(asked.stdout.strip()) / "files" / "md5"
    files: dict[Path, str] = {}
    for output in outputs:
        path, md5 = Path(output["path"]), output["md5"]
        if md5.endswith(".dir"):
            listing = objects / md5[:2] / md5[2:]
            entries = json.loads(listing.read_text()) if listing.exists() else []
            files |= {path / entry["relpath"]: entry["md5"] for entry in entries}
        else:
            files[path] = md5
    records: dict[str, dict] = {}
    for path, md5 in files.items():
        if path.name == provenance.NAME and (objects / md5[:2] / md5[2:]).exists():
            records |= json.loads((objects / md5[:2] / md5[2:]).read_text())
    restored = 0
    for path, md5 in files.items():
        if _copy(objects / md5[:2] / md5[2:], path):
            restored += 1
            # a failed job leaves the record of options that it never finished with: the file's own record comes too
            if path.as_posix() in records:
                provenance.write_record(path.as_posix(), records[path.as_posix()], STATE)
    if restored:
        print(f"Restored {restored} missing files from the DVC cache.", file=sys.stderr)
    return restored


def _copy(source: Path, target: Path) -> bool:
    if target.exists() or not source.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, temporary)
    os.replace(temporary, target)
    return True


if __name__ == "__main__":
    missing_files()
    if "--unpack" in sys.argv[1:]:
        for results in sorted(Path("results").glob("*")):
            provenance.unpack(results, STATE, force=True)
