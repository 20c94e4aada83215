"""The hash of a job's code depends only on the executable code in the files that the job imports."""

from pathlib import Path

import pytest

from pipeline.provenance import code_hash
from tests.project import ROOT

BEFORE = '''"""Says what it does."""

X = 1  # why


def f(y):
    """Returns it."""
    return f"{y!r:>{X}} {'a'}", (y,)
'''


@pytest.fixture
def hashed(tmp_path):
    """Return a function that hashes a script with a given source."""

    def one(source: str) -> str:
        (tmp_path / "scripts").mkdir(exist_ok=True)
        (tmp_path / "scripts" / "a.py").write_text(source)
        code_hash.imports.cache_clear()
        code_hash.content.cache_clear()
        return code_hash.code_hash(tmp_path, "a")

    return one


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Says what it does.", "Reworded."),
        ('    """Returns it."""\n', ""),
        ("  # why", ""),
        ("X = 1", "# another comment\n\nX = 1"),
        ("(y,)", "(\n        y,\n    )"),
    ],
)
def test_prose_and_layout_change_no_hash(hashed, old, new):
    assert old in BEFORE
    assert hashed(BEFORE.replace(old, new)) == hashed(BEFORE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("X = 1", "X = 2"), ("'a'", "'b'"), ("!r", "!s"), ("    return", "\nif 1:\n    return"), ('"{y', '"# {y')],
)
def test_code_and_strings_change_the_hash(hashed, old, new):
    assert old in BEFORE
    assert hashed(BEFORE.replace(old, new)) != hashed(BEFORE)


def test_a_jobs_code_is_its_script_and_what_that_imports():
    def names(script: str) -> set[str]:
        return {path.relative_to(ROOT).as_posix() for path in code_hash.sources(ROOT, script)}

    assert {"scripts/evaluate.py", "scripts/__init__.py", "scripts/shared/job.py"} <= names("evaluate")
    science = {"measures/__init__.py", "measures/diversity.py", "decoding/beam_search.py", "models/opt.py"}
    assert {f"collapse/{name}" for name in science} <= names("evaluate")
    assert not {"collapse/training/loop.py", "collapse/mixing.py", *code_hash.CHANGE_NO_RESULT} & names("evaluate")
    assert "collapse/measures/diversity.py" not in names("generate")


def test_what_changes_no_result_is_there():
    assert all(Path(ROOT, name).is_file() for name in code_hash.CHANGE_NO_RESULT)
