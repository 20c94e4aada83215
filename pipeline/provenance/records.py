"""Snakemake's records of how each file was made, packed beside the results so that DVC tracks them.

Snakemake records parameters, code and checksums of inputs in `.snakemake/metadata`. Without them, a fresh clone with
restored results would not notice a changed parameter. So a run packs the records into one file for each folder of
`results/<experiment>/`, and unpacks files that changed since. DVC cannot track `.snakemake/metadata` itself: Snakemake
rewrites its files in place, which corrupts a linked DVC cache.

Packed records hold no times, so equal runs give equal bytes. Timings are in `benchmark/`.
"""

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from collapse.artefacts import ArtefactError, writing
from pipeline.run.snakemake_internals import is_locked, record_path, record_paths

NAME = "provenance.json"
# fields that differ between equal runs; Snakemake treats a missing field as not recorded
RUN_DEPENDENT = {"conda_env", "container_img_url", "external_jobid", "incomplete", "job_hash", "software_stack_hash"}
WITHOUT_TIME = {"starttime": 0.0, "endtime": 0.0}


def pack(results: Path, state: Path) -> None:
    """Write `<results>/<folder>/provenance.json` for every folder with changed records.

    `results` is relative to the working directory, as paths in Snakemake's records are. `state` is `.snakemake`.
    """
    folders: dict[Path, dict[str, dict[str, Any]]] = {}
    for path, output in record_paths(state):
        folder = _folder(output, results)
        if folder is not None and os.path.lexists(output):
            record = _read(path)
            if record is None:  # truncated by a kill; Snakemake ignores such a record too
                continue
            kept = {key: value for key, value in record.items() if key not in RUN_DEPENDENT} | WITHOUT_TIME
            folders.setdefault(folder, {})[output] = kept
    for folder, records in folders.items():
        data = (json.dumps(records, indent=1, sort_keys=True) + "\n").encode()
        target = folder / NAME
        if not target.exists() or target.read_bytes() != data:
            _write(target, data)
        _write(_mark(folder, state), hashlib.sha256(data).hexdigest().encode())


def unpack(results: Path, state: Path, force: bool = False) -> None:
    """Replace Snakemake's records by every packed file that changed since it was last packed or unpacked here.

    A clone, pull or checkout changes packed files. With `force`, all packed files replace the records.
    """
    for source in sorted(results.glob(f"*/{NAME}")):
        if not force and _is_unpacked(source, state):
            continue
        records = _packed(source)
        for path, output in record_paths(state):
            if _folder(output, results) == source.parent and output not in records:
                path.unlink()
        for output, record in records.items():
            write_record(output, record, state)
        _write(_mark(source.parent, state), hashlib.sha256(source.read_bytes()).hexdigest().encode())


def check(results: Path, state: Path) -> None:
    """Print a line if records are packed but not unpacked. Changes nothing.

    Raises ArtefactError if records are damaged, because Snakemake cannot plan with them.
    """
    packed = sorted(results.glob(f"*/{NAME}"))
    for source in packed:
        _packed(source)
    if damaged := [] if is_locked(state) else _damaged(state):
        raise ArtefactError(
            f"{state}/metadata: {len(damaged)} records are damaged; `make restore`, or a run, repairs them"
        )
    if waiting := [source for source in packed if not _is_unpacked(source, state)]:
        print(
            f"{waiting[0]}: not unpacked, so this plan cannot see changed options; `make restore` unpacks it",
            file=sys.stderr,
        )


def mend(results: Path, state: Path) -> None:
    """Replace damaged records by their packed copies; without a record, a changed option goes unnoticed."""
    if is_locked(state):  # another run is writing records
        return
    damaged = _damaged(state)
    packed: dict[str, dict[str, Any]] = {}
    for source in results.glob(f"*/{NAME}") if damaged else ():
        packed |= _packed(source)
    for path, output in damaged:
        path.unlink()
        if output in packed:
            write_record(output, packed[output], state)
        elif os.path.lexists(output):
            print(f"{output}: its record is lost; delete the file, and the next run makes it again", file=sys.stderr)
    if damaged:
        print(f"Repaired {len(damaged)} damaged records of Snakemake from {results}.", file=sys.stderr)


def _damaged(state: Path) -> list[tuple[Path, str]]:
    return [(path, output) for path, output in record_paths(state) if _read(path) is None]


def _is_unpacked(source: Path, state: Path) -> bool:
    mark = _mark(source.parent, state)
    return mark.exists() and mark.read_text() == hashlib.sha256(source.read_bytes()).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    """Read a mapping from a JSON file; None if the file is damaged."""
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _packed(source: Path) -> dict[str, dict[str, Any]]:
    records = _read(source)
    if records is None:
        raise ArtefactError(
            f"{source}: damaged; dvc checkout, or delete it, but then the next run cannot see changed options"
        )
    return records


def write_record(output: str, record: dict[str, Any], state: Path) -> None:
    """Write Snakemake's record of one output."""
    _write(record_path(output, state), json.dumps(record).encode())


def _folder(output: str, results: Path) -> Path | None:
    """Return the folder whose packed file holds an output's record; None for outputs outside the results.

    It is `results/default/text` for `results/default/text/…`, and `figures` for files directly in the results.
    """
    try:
        parts = Path(output).relative_to(results).parts
    except ValueError:
        return None
    return results / (parts[0] if len(parts) > 1 else "figures")


def _mark(folder: Path, state: Path) -> Path:
    return state / "model-collapse" / folder.as_posix().replace("/", "-")


def _write(path: Path, data: bytes) -> None:
    """Write a file by renaming, never in place: it may be a link into the DVC cache."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).chmod(0o644)
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
