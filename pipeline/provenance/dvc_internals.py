"""All uses of DVC beyond its documented commands: the layout of `dvc.lock` and of the cache.

tests/unit/pipeline/provenance/test_dvc_internals.py fails if an upgrade of DVC changes either.
"""

import contextlib
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import yaml


def recorded(lock: Path) -> dict[Path, Path]:
    """Return the path in the DVC cache of each file that `lock` records; nothing if there is no cache."""
    stages = (yaml.safe_load(lock.read_text()) or {}).get("stages", {}) if lock.exists() else {}
    outputs = [output for stage in stages.values() for output in stage.get("outs", [])]
    if not outputs:
        return {}
    answer = subprocess.run([sys.executable, "-m", "dvc", "cache", "dir"], capture_output=True, text=True)
    if answer.returncode != 0:
        return {}
    objects = Path(answer.stdout.strip()) / "files" / "md5"
    files: dict[Path, Path] = {}
    for output in outputs:
        path, stored = Path(output["path"]), objects / output["md5"][:2] / output["md5"][2:]
        if stored.suffix != ".dir":
            files[path] = stored
        elif sound(stored):
            for entry in json.loads(stored.read_text()):
                files[path / entry["relpath"]] = objects / entry["md5"][:2] / entry["md5"][2:]
    return files


def sound(stored: Path) -> bool:
    """Whether an object exists in the cache with the bytes of its name. An object with other bytes is removed."""
    if not stored.exists():
        return False
    with stored.open("rb") as file:
        right = hashlib.file_digest(file, "md5").hexdigest() == stored.parent.name + stored.stem
    if not right:
        with contextlib.suppress(OSError):  # a cache that cannot be written
            stored.unlink()
        done = "remove it" if stored.exists() else "removed"
        print(f"{stored}: corrupted in the DVC cache, {done}; `dvc pull` fetches it again.", file=sys.stderr)
    return right
