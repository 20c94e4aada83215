"""How results are kept: files that appear whole or not at all, and manifests that say what made them.

Every step writes its data file under a temporary name, renames it, and last writes a manifest with the sha256 of each
file, of each parent's manifest and of the code. The next step checks the data against the manifest before it reads.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA_VERSION = 1
LIBRARIES = ("numpy", "pyarrow", "safetensors", "tokenizers", "torch", "transformers")


class ArtefactError(ValueError):
    """A file is missing, damaged or not the one that is expected; the message names it and the remedy."""


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell of a full disk or of a folder that cannot be written to with an ArtefactError that names `path`."""
    try:
        yield
    except Exception as error:
        reason = _system_error(error)
        if reason in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(_existing(path)).free
            raise ArtefactError(
                f"{path}: no space left ({free / 1e6:.1f} MB free); free some, then run again: it goes on from here"
            ) from error
        if reason in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise ArtefactError(
                f"{path}: cannot be written ({os.strerror(reason)}); make the folder writable"
            ) from error
        raise


def _system_error(error: Exception) -> int | None:
    """The operating system's number of an error; libraries in Rust, such as safetensors, only mention it."""
    if isinstance(error, OSError):
        return error.errno
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else None


def _existing(path: Path) -> Path:
    return next(folder for folder in [path, *path.absolute().parents] if folder.exists())


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success rename it there, on failure remove it.

    What has come under its name survives a power cut. ArtefactError if the disk is full or the folder read-only.
    """
    path = Path(path)
    temporary = None
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
            os.close(handle)
            temporary = Path(name)
            yield temporary
            _sync(temporary)
            temporary.chmod(0o644)
            os.replace(temporary, path)
            _sync(path.parent)
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Have the disk keep a file's content, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Sorted keys, one per line, so that the same value is the same bytes; NaN is refused."""
    write_text(path, json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_blocks(path: Path, blocks: np.ndarray, columns: Mapping[str, Sequence | np.ndarray]) -> None:
    """Parquet with `input_ids`, one list of int32 a row, and further columns of the same number of rows."""
    ids = pa.FixedSizeListArray.from_arrays(pa.array(blocks.astype(np.int32).ravel()), blocks.shape[1])
    table = pa.table({"input_ids": ids, **{name: pa.array(values) for name, values in columns.items()}})
    with whole_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def write_columns(path: Path, columns: Mapping[str, Any]) -> None:
    """Parquet with any columns."""
    with whole_file(path) as temporary:
        pq.write_table(pa.table(dict(columns)), temporary, compression="zstd")


def read_blocks(path: Path) -> tuple[np.ndarray, pa.Table]:
    """The blocks, (blocks, tokens) int32, and the whole table of a file that `write_blocks` wrote."""
    table = pq.ParquetFile(path).read()  # read_table would import pandas first
    ids = table.column("input_ids").combine_chunks()
    if table.num_rows == 0:
        raise ArtefactError(f"{path}: no rows; delete it and run again")
    return ids.flatten().to_numpy().reshape(table.num_rows, -1).copy(), table  # torch wants writable memory


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(
    path: Path,
    *,
    kind: str,
    files: Sequence[Path],
    parents: Sequence[Path],
    code: str,
    options: Mapping[str, Any],
    libraries: Sequence[str] = LIBRARIES,
) -> None:
    """Record what was made, from what, by which code: no time, no machine name, so that equal work is equal bytes.

    `files` lie beside the manifest and are named relative to it. `parents` are the manifests of what was read; `code`
    is the hash of the source that ran; `options` are the values that decided the result; `libraries` are those that
    computed it.
    """
    path = Path(path)
    write_json(
        path,
        {
            "schema_version": SCHEMA_VERSION,
            "kind": kind,
            "code": code,
            "files": {
                os.path.relpath(file, path.parent): {"sha256": sha256(file), "bytes": Path(file).stat().st_size}
                for file in files
            },
            "parents": {Path(parent).as_posix(): sha256(parent) for parent in parents},
            "options": dict(options),
            "libraries": {name: version(name) for name in libraries},
        },
    )


def read_manifest(path: Path, kind: str | None, expected: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read a manifest and refuse one of another schema version or kind, or whose options are not those `expected`.

    With `kind` None any will do.
    """
    try:
        manifest = json.loads(Path(path).read_text())
    except FileNotFoundError as error:
        raise ArtefactError(f"{path}: missing; run the step that makes it, or dvc checkout") from error
    except ValueError as error:
        raise ArtefactError(f"{path}: not JSON ({error}); delete it and run again") from error
    if not isinstance(manifest, dict):
        raise ArtefactError(f"{path}: no manifest; delete it and run again")
    if manifest.get("schema_version") != SCHEMA_VERSION:
        raise ArtefactError(
            f"{path}: schema version {manifest.get('schema_version')}, this code reads {SCHEMA_VERSION}; "
            "remove the results or check out the code that wrote them"
        )
    if kind is not None and manifest.get("kind") != kind:
        raise ArtefactError(f"{path}: describes a {manifest.get('kind')}, expected a {kind}; check the paths")
    if not (isinstance(manifest.get("files"), dict) and isinstance(manifest.get("options"), dict)):
        raise ArtefactError(f"{path}: no manifest; delete it and run again")
    for name, value in (expected or {}).items():
        if manifest["options"].get(name) != value:
            raise ArtefactError(
                f"{path}: made with {name} {manifest['options'].get(name)!r}, expected {value!r}; "
                "delete it and run again"
            )
    return manifest


def check_files(manifest_path: Path, manifest: Mapping[str, Any], missing: bool = True) -> None:
    """Refuse data that differ from their manifest: truncated, edited, of another run, or, if `missing`, not there."""
    for name, recorded in manifest["files"].items():
        path = Path(manifest_path).parent / name
        if not path.is_file():
            if not missing:
                continue
            raise ArtefactError(f"{path}: missing although {manifest_path} lists it; dvc checkout, or run again")
        if path.stat().st_size != recorded["bytes"] or sha256(path) != recorded["sha256"]:
            raise ArtefactError(
                f"{path}: differs from its manifest (sha256 or size); delete it and run again, or dvc checkout"
            )


def checked_file(path: Path, manifest_path: Path) -> Path:
    """The same path, of one file among those that a manifest lists; the others are not read."""
    files = read_manifest(manifest_path, None)["files"]
    check_files(manifest_path, {"files": {path.name: files[path.name]}})
    return path


def checked_manifest(path: Path, kind: str, expected: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`read_manifest`, then `check_files`."""
    manifest = read_manifest(path, kind, expected)
    check_files(path, manifest)
    return manifest
