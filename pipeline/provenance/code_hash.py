"""Hash the code that a job runs: its script and every module of this repository that the script imports.

Snakemake compares the hash as a parameter. It is taken over tokens, without comments, docstrings and line breaks: prose
and layout rerun nothing, and an edit of the code reruns the rules that use it and no others.
"""

import ast
import functools
import hashlib
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("collapse", "scripts")
# They refuse jobs, place memory or measure time: no result depends on what they compute.
CHANGE_NO_RESULT = ("collapse/models/memory.py", "collapse/models/allocator.py", "scripts/shared/timer.py")
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
BLOCKS = {tokenize.INDENT: "\t", tokenize.DEDENT: "\b"}
F_STRING_START, F_STRING_END = (getattr(tokenize, f"FSTRING_{end}", None) for end in ("START", "END"))  # Python ≥ 3.12


def code_hash(root: Path, script: str) -> str:
    """Hash of `scripts/<script>.py` and all that it imports from PACKAGES, however deep; 16 hex digits."""
    digest = hashlib.sha256()
    for path in sources(root, script):
        digest.update(path.relative_to(root).as_posix().encode() + b"\x00" + content(path).encode() + b"\x00")
    return digest.hexdigest()[:16]


def sources(root: Path, script: str) -> list[Path]:
    """The files behind `code_hash`, sorted."""
    found: set[Path] = set()
    waiting = [root / "scripts" / f"{script}.py"]
    left_out = {root / name for name in CHANGE_NO_RESULT}
    while waiting:
        path = waiting.pop()
        if path not in found and path not in left_out:
            found.add(path)
            waiting += imports(root, path)
    return sorted(found)


@functools.cache
def imports(root: Path, path: Path) -> list[Path]:
    """Files of this repository that one file imports directly, and the `__init__.py` of every package above them."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    files = []
    for name in names:
        parts = name.split(".")
        if parts[0] in PACKAGES:
            packages = [root.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)]
            files += [file for file in (root.joinpath(*parts).with_suffix(".py"), *packages) if file.is_file()]
    return files


@functools.cache
def content(path: Path) -> str:
    """The tokens of a file that Python acts on: one statement a line, without docstrings."""
    lines: list[str] = []
    words: list[str] = []
    for kind, text in tokens(path.read_text(encoding="utf-8")):
        if kind != tokenize.NEWLINE:
            words.append(BLOCKS.get(kind, text))
            continue
        marks = [word for word in words if word in BLOCKS.values()]
        if len(words) == len(marks) + 1 and words[-1].lstrip("rRuU")[:1] in ("'", '"'):
            words = marks  # a string alone is a docstring; the next statement still opens or closes the block
        else:
            lines.append("\0".join(words))
            words = []
    return "\n".join([*lines, "\0".join(words)])


def tokens(source: str) -> Iterator[tuple[int, str]]:
    """Kind and text of each token but those of layout; an f-string is one token, as it was before Python 3.12."""
    lines = list(io.StringIO(source))
    start, depth = (0, 0), 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == F_STRING_START:
            start, depth = (start if depth else token.start), depth + 1
        elif token.type == F_STRING_END:
            depth -= 1
            if depth == 0:
                yield tokenize.STRING, _between(lines, start, token.end)
        elif depth == 0 and token.type not in LAYOUT:
            yield token.type, token.string


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Source text from (row, column) to (row, column); rows count from 1."""
    rows = lines[start[0] - 1 : end[0]]
    rows[-1] = rows[-1][: end[1]]
    rows[0] = rows[0][start[1] :]
    return "".join(rows)
