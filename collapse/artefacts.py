"""Result files and their manifests.

A file is written under a temporary name and then renamed, so it is never half written. A step writes its manifest last:
it holds the sha256 of each file, of each parent manifest and of the code. The next step checks its inputs against it.
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

SCHEMA_VERSION = 1
LIBRARIES = ("numpy", "pyarrow", "safetensors", "tokenizers", "torch", "transformers")


class ArtefactError(ValueError):
    """A file is missing, damaged or not the expected file. The message names the file and the remedy."""


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the system's error for a full disk or a read-only folder into an ArtefactError that names `path`."""
    try:
        yield
    except Exception as error:
        reason = _system_error(error)
        if reason in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(_existing(path)).free
            raise ArtefactError(
                f"{path}: no space left on the disk ({free / 1e6:.1f} MB free); free some space, then run again: "
                "the run continues from here"
            ) from error
        if reason in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise ArtefactError(
                f"{path}: the file cannot be written ({os.strerror(reason)}); make its folder writable"
            ) from error
        raise


def _system_error(error: Exception) -> int | None:
    """Return the operating system's error number. Rust libraries such as safetensors give it only in their message."""
    if isinstance(error, OSError):
        return error.errno
    number = re.search(r"\(os error (\d+)\)", str(error))
    return int(number[1]) if number else None


def _existing(path: Path) -> Path:
    return next(folder for folder in [path, *path.absolute().parents] if folder.exists())


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`. Rename it to `path` on success; remove it on failure.

    A renamed file survives a power cut. Raises ArtefactError if the disk is full or the folder is read-only.
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
    """Flush the content of a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, one a line: equal values give equal bytes. Raises ValueError for NaN."""
    write_text(path, json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


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
    """Write the manifest of a step. It holds no time and no machine name, so equal work gives equal bytes.

    `files` are the outputs; the manifest names them relative to its own folder. `parents` are the manifests of the
    inputs. `code` is the hash of the source code. `options` are the values that decide the result. `libraries` are the
    packages whose versions are recorded.
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
    """Read a manifest and check its schema version, its kind and the `expected` options.

    `kind` None accepts every kind. Raises ArtefactError if the file is missing or a check fails.
    """
    try:
        manifest = json.loads(Path(path).read_text())
    except FileNotFoundError as error:
        raise ArtefactError(f"{path}: missing; run the step that makes it, or `dvc checkout`") from error
    except ValueError as error:
        raise ArtefactError(f"{path}: not valid JSON ({error}); delete it and run again") from error
    if not isinstance(manifest, dict):
        raise ArtefactError(f"{path}: not a manifest; delete it and run again")
    if manifest.get("schema_version") != SCHEMA_VERSION:
        raise ArtefactError(
            f"{path}: schema version {manifest.get('schema_version')}, but this code reads version {SCHEMA_VERSION}; "
            "remove the results, or check out the code that wrote them"
        )
    if kind is not None and manifest.get("kind") != kind:
        raise ArtefactError(f"{path}: describes a {manifest.get('kind')}, expected a {kind}; check the paths")
    if not (isinstance(manifest.get("files"), dict) and isinstance(manifest.get("options"), dict)):
        raise ArtefactError(f"{path}: not a manifest; delete it and run again")
    for name, value in (expected or {}).items():
        if manifest["options"].get(name) != value:
            raise ArtefactError(
                f"{path}: made with {name} {manifest['options'].get(name)!r}, expected {value!r}; "
                "delete it and run again"
            )
    return manifest


def check_files(manifest_path: Path, manifest: Mapping[str, Any], missing: bool = True) -> None:
    """Compare size and sha256 of every listed file with its manifest. Raises ArtefactError if they differ.

    If `missing` is true, an absent file is an error too.
    """
    for name, recorded in manifest["files"].items():
        path = Path(manifest_path).parent / name
        if not path.is_file():
            if not missing:
                continue
            raise ArtefactError(f"{path}: missing although {manifest_path} lists it; `dvc checkout`, or run again")
        if path.stat().st_size != recorded["bytes"] or sha256(path) != recorded["sha256"]:
            raise ArtefactError(
                f"{path}: differs from its manifest (sha256 or size); delete it and run again, or `dvc checkout`"
            )


def checked_file(path: Path, manifest_path: Path) -> Path:
    """Check one file of a manifest and return its path. The other files are not read."""
    files = read_manifest(manifest_path, None)["files"]
    check_files(manifest_path, {"files": {path.name: files[path.name]}})
    return path


def checked_manifest(path: Path, kind: str, expected: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Call `read_manifest`, then `check_files`."""
    manifest = read_manifest(path, kind, expected)
    check_files(path, manifest)
    return manifest
