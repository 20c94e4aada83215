"""Sources of human text: the documentation inside Python, local files, or a dataset on the Hugging Face hub.

Every source gives a list of documents (strings) for each split. End-of-text tokens separate the documents. A document
is a paragraph of documentation, a line of a text file, or a row of a dataset.
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
    """A text source cannot be read. The message names the file or key, the value and the remedy."""


def text_sha256(documents: Iterable[str]) -> str:
    """Return the sha256 of a list of documents, for manifests."""
    digest = hashlib.sha256()
    for document in documents:
        digest.update(document.encode())
        digest.update(b"\x00")
    return digest.hexdigest()


def pydoc_topics(validation_fraction: float, test_fraction: float) -> Documents:
    """Return the paragraphs of the language reference that `help()` prints, which is part of every Python.

    A hash of a topic's name decides the split and the place of the whole topic. Split and order are therefore the same
    for every Python version, and topics with similar names are not neighbours. Some topics quote others: each paragraph
    is kept once, in test before validation before train, or test perplexity would measure memory. Raises SourceError if
    this Python has no topics.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise SourceError(
            f"corpus.source: pydoc: {sys.executable} has no module pydoc_data.topics (some distributions put it in a "
            "package of its own); install Python's documentation topics, or choose corpus.source: files"
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
    """Split text into paragraphs, undo line wrapping, and drop lines drawn with dashes or tildes.

    A small model would otherwise learn to draw such lines before anything else.
    """
    paragraphs = []
    for part in re.split(r"\n\s*\n", text):
        lines = [line for line in part.splitlines() if re.search(r"\w", line)]
        words = [word for line in lines for word in line.split() if not re.fullmatch(r"[^\w\s]{4,}", word)]
        if words:
            paragraphs.append(" ".join(words))
    return paragraphs


def stdlib_docstrings() -> list[str]:
    """Return the paragraphs of the standard library's docstrings: text inside Python to pretrain a base model on.

    The files are parsed, never imported. The order is by path, and each paragraph is kept once. Raises SourceError if
    this Python has no source files.
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
            f"base_model.pretraining.text: docstrings: no Python source files under {root}; "
            "give your own files with base_model.pretraining.text: files"
        )
    return list(seen)


def local_file(path: Path) -> Path:
    """Return `path` if it is an ordinary, readable file. A pipe or device might never end.

    Raises SourceError for anything else.
    """
    remedy = "check corpus.folder and corpus.files, or base_model.pretraining.files"
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(f"{path}: a folder, pipe or device, not an ordinary file; {remedy}")
        path.open("rb").close()
    except FileNotFoundError as error:
        raise SourceError(f"{path}: no such file; {remedy}") from error
    except OSError as error:
        raise SourceError(f"{path}: the file cannot be read ({error.strerror}); {remedy}") from error
    return path


def read_lines(path: Path) -> list[str]:
    """Return the lines of a UTF-8 text file with their line ends. Blank lines are documents too, as in WikiText.

    A byte-order mark at the start is left out. Raises SourceError if the file is empty, not UTF-8 or not readable.
    """
    try:
        text = local_file(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path}: not UTF-8 text (byte {error.object[error.start]:#04x} at position {error.start}); "
            "convert it, for example with iconv -t UTF-8"
        ) from error
    if not text.strip():
        raise SourceError(f"{path}: the file holds no text to train on; give a file with text")
    return text.splitlines(keepends=True)


def local_files(folder: Path, files: Mapping[str, str], text_column: str) -> Documents:
    """Read documents from local files, one file a split. A document is a line of UTF-8 text or a row of a table.

    Tables are Parquet or Arrow files; `text_column` names their text. Raises SourceError if a file cannot be read.
    """
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
    except Exception as error:  # the readers raise a dozen types, which all mean the same here
        raise SourceError(f"{path}: not a readable {path.suffix[1:]} file ({error}); write it again") from error
    return _text_of(table, text_column, str(path))


def hub_dataset(repository: str, name: str, revision: str, splits: Mapping[str, str], text_column: str) -> Documents:
    """Read documents from a dataset on the Hugging Face hub at a pinned revision.

    `splits` maps the names of our splits to the dataset's. Raises SourceError if the hub cannot give the dataset.
    """
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
            f"{where}: no column {text_column!r}; its columns are {', '.join(table.column_names)}; "
            "set corpus.text_column"
        )
    documents = list(table[text_column])
    if not any(document.strip() for document in documents):
        raise SourceError(f"{where}: column {text_column!r} holds no text; give a file with text")
    return documents


def with_validation(documents: Documents, fraction: float) -> Documents:
    """Split off the last `fraction` of the training documents for validation, unless there is a validation split."""
    if "validation" in documents:
        return documents
    train = documents["train"]
    count = max(1, round(fraction * len(train)))
    return {"train": train[:-count], "validation": train[-count:], "test": documents["test"]}
