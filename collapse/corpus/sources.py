"""Where human text comes from: the embedded documentation of Python, local files, or a dataset on a hub.

A source gives the same thing each time: for every split a list of documents (strings). A document is what an
end-of-text token separates: a paragraph of documentation, a line of a text file, a row of a dataset.
"""

import ast
import hashlib
import re
import stat
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SPLITS = ("train", "validation", "test")
Documents = dict[str, list[str]]


class SourceError(ValueError):
    """A text source cannot be read; the message names the file or key, the value and the remedy."""


def text_sha256(documents: Iterable[str]) -> str:
    """Fingerprint of a list of documents, for manifests."""
    digest = hashlib.sha256()
    for document in documents:
        digest.update(document.encode())
        digest.update(b"\x00")
    return digest.hexdigest()


def pydoc_topics(validation_fraction: float, test_fraction: float) -> Documents:
    """Paragraphs of the language reference that `help()` prints, which every Python carries.

    A whole topic goes to one split, by a hash of its name, and topics stand in the order of that hash: split and order
    are the same for every Python version, and neighbours are not alike because their names are.
    Several topics quote each other: a paragraph counts once, and one that stands in two splits is kept in the one that
    is tested (test, then validation, then train), or test perplexity would measure memory.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise SourceError(
            f"corpus.source: pydoc: {sys.executable} has no pydoc_data.topics (some distributions package it apart); "
            "install Python's documentation topics or choose corpus.source: files"
        ) from error
    by_split: dict[str, list[str]] = {split: [] for split in SPLITS}
    for name in sorted(topics, key=_name_hash):
        by_split[_split_of(name, validation_fraction, test_fraction)].append(topics[name])
    seen: set[str] = set()
    documents: Documents = {}
    for split in reversed(SPLITS):
        documents[split] = []
        for text in by_split[split]:
            for paragraph in _paragraphs(text):
                if paragraph not in seen:
                    seen.add(paragraph)
                    documents[split].append(paragraph)
    return {split: documents[split] for split in SPLITS}


def _name_hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _split_of(name: str, validation_fraction: float, test_fraction: float) -> str:
    share = int.from_bytes(_name_hash(name)[:4], "big") / 2**32
    if share < test_fraction:
        return "test"
    return "validation" if share < test_fraction + validation_fraction else "train"


def _paragraphs(text: str) -> list[str]:
    """Paragraphs with the source's line wrapping undone and its rules of dashes and tildes dropped.

    A token then stands for a word, not for a margin: a small model would learn to draw lines before anything else.
    """
    paragraphs = []
    for part in re.split(r"\n\s*\n", text):
        lines = [line for line in part.splitlines() if re.search(r"\w", line)]
        words = [word for line in lines for word in line.split() if not re.fullmatch(r"[^\w\s]{4,}", word)]
        if words:
            paragraphs.append(" ".join(words))
    return paragraphs


def stdlib_docstrings() -> list[str]:
    """Paragraphs of the docstrings of Python's standard library: the embedded text to pretrain a base model on.

    The files are parsed, never imported. Sorted by path; a paragraph counts once.
    """
    root = Path(sysconfig.get_path("stdlib"))
    left_out = {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "pydoc_data", "__pycache__"}
    seen: dict[str, None] = {}
    for path in sorted(root.rglob("*.py")):
        if left_out.intersection(path.relative_to(root).parts):
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):  # templates and files of other encodings are not prose
            continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                for paragraph in _paragraphs(ast.get_docstring(node) or ""):
                    seen.setdefault(paragraph)
    if not seen:
        raise SourceError(
            f"base_model.pretraining.text: docstrings: no Python source under {root}; "
            "give files of your own with base_model.pretraining.text: files"
        )
    return list(seen)


def local_file(path: Path) -> Path:
    """The same path, of an ordinary file that can be read: no folder, and no pipe or device, which may never end."""
    remedy = "check corpus.folder and corpus.files, or base_model.pretraining.files"
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(f"{path}: a folder, pipe or device, no file; {remedy}")
        path.open("rb").close()
    except FileNotFoundError as error:
        raise SourceError(f"{path}: no such file; {remedy}") from error
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
    return path


def read_lines(path: Path) -> list[str]:
    """Every line of a UTF-8 text file, its line end included; blank lines are documents too, as in WikiText.

    A byte-order mark at the start is not text and left out.
    """
    try:
        text = local_file(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path}: not UTF-8 (byte {error.object[error.start]:#04x} at position {error.start}); "
            "convert it, for example with iconv -t UTF-8"
        ) from error
    if not text.strip():
        raise SourceError(f"{path}: empty, no text to train on; give a file with text")
    return text.splitlines(keepends=True)


def local_files(folder: Path, files: Mapping[str, str], text_column: str) -> Documents:
    """Documents of local files, one file a split: plain UTF-8 text by lines, Parquet or Arrow by rows."""
    documents: Documents = {}
    for split, name in files.items():
        path = folder / name
        if path.suffix in (".parquet", ".arrow"):
            documents[split] = _table_rows(path, text_column)
        else:
            documents[split] = read_lines(path)
    return documents


def _table_rows(path: Path, text_column: str) -> list[str]:
    from datasets import Dataset

    local_file(path)
    try:
        table = (
            Dataset.from_parquet(str(path), keep_in_memory=True)
            if path.suffix == ".parquet"
            else Dataset.from_file(str(path))
        )
    except Exception as error:  # the readers raise a dozen types; all of them mean one thing here
        raise SourceError(f"{path}: not a readable {path.suffix[1:]} file ({error}); write it again") from error
    return _text_of(table, text_column, str(path))


def hub_dataset(repository: str, name: str, revision: str, splits: Mapping[str, str], text_column: str) -> Documents:
    """Documents of a dataset on the Hugging Face hub, read at a pinned revision; `splits` maps ours to theirs."""
    from datasets import load_dataset

    documents: Documents = {}
    for split, theirs in splits.items():
        try:
            table = load_dataset(repository, name, revision=revision, split=theirs)
        except Exception as error:  # no network, no such repository, revision or split
            raise SourceError(
                f"corpus.source: hub: cannot read {repository} ({name}, {theirs}) at revision {revision}: "
                f"{type(error).__name__}: {error}; check the network and the names, or use corpus.source: files"
            ) from error
        documents[split] = _text_of(table, text_column, repository)
    return documents


def _text_of(table: Any, text_column: str, where: str) -> list[str]:
    if text_column not in table.column_names:
        raise SourceError(
            f"{where}: no column {text_column!r}, it has {', '.join(table.column_names)}; set corpus.text_column"
        )
    documents = list(table[text_column])
    if not any(document.strip() for document in documents):
        raise SourceError(f"{where}: column {text_column!r} is empty; give a file with text")
    return documents


def with_validation(documents: Documents, fraction: float) -> Documents:
    """Give a corpus without a validation split the last `fraction` of its training documents as one."""
    if "validation" in documents:
        return documents
    train = documents["train"]
    count = max(1, round(fraction * len(train)))
    return {"train": train[:-count], "validation": train[-count:], "test": documents["test"]}
