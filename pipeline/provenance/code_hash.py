"""What code a job runs, as one hash: its script and every module of this repository that it imports, by content.

Snakemake compares the hash as a parameter. An edit in a module reruns the rules that use it and no others; a file that
is merely touched reruns nothing.
"""

import ast
import functools
import hashlib
from pathlib import Path

PACKAGES = ("collapse", "scripts")


def code_hash(root: Path, script: str) -> str:
    """Hash of `scripts/<script>.py` and all that it imports from PACKAGES, however deep; 16 hex digits."""
    digest = hashlib.sha256()
    for path in sources(root, script):
        digest.update(path.relative_to(root).as_posix().encode() + b"\x00" + path.read_bytes() + b"\x00")
    return digest.hexdigest()[:16]


def sources(root: Path, script: str) -> list[Path]:
    """The files behind `code_hash`, sorted."""
    found: set[Path] = set()
    waiting = [root / "scripts" / f"{script}.py"]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += imports(root, path)
    return sorted(found)


@functools.cache
def imports(root: Path, path: Path) -> list[Path]:
    """Files of this repository that one file imports directly, the packages' own `__init__.py` included."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    files = []
    for name in names:
        if name.split(".")[0] in PACKAGES:
            base = root.joinpath(*name.split("."))
            files += [file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()]
    return files
