"""A DVC cache with damaged objects, a read-only cache, and results that are links into the cache."""

import hashlib
from pathlib import Path

import pytest

from pipeline.provenance import restore
from tests.project import UNPRIVILEGED, Project

MODEL = "text/replace/seed1/generation1/model/model.safetensors"


def objects(project: Project) -> list:
    return [path for path in (project.folder / ".dvc" / "cache" / "files" / "md5").glob("*/*") if path.is_file()]


def unsound(project: Project) -> list[str]:
    """List objects whose bytes do not match their name."""
    return [
        path.name
        for path in objects(project)
        if hashlib.md5(path.read_bytes()).hexdigest() != path.parent.name + path.stem
    ]


def rot(project: Project, result: str, monkeypatch) -> None:
    """Change a byte of a result's object without DVC's notice, and remove the result."""
    monkeypatch.chdir(project.folder)
    path = project.results / result
    stored = restore.recorded(project.folder / "dvc.lock")[path.relative_to(project.folder)]
    data = bytearray(stored.read_bytes())
    data[len(data) // 2] ^= 1
    stored.chmod(0o644)
    stored.write_bytes(data)
    stored.chmod(0o444)  # read-only, as DVC leaves it: DVC trusts such objects
    path.unlink()


def test_a_corrupted_object_is_found_and_fetched_again(tracked, monkeypatch):
    before = tracked.bytes()
    rot(tracked, MODEL, monkeypatch)
    status, text = tracked.outcome("make", "restore", "--assume-old=.venv/run")
    assert status != 0 and "1 results were corrupted" in text
    assert unsound(tracked) == []
    tracked.dvc("pull")
    tracked.restore()
    assert tracked.plan() == {}
    assert tracked.bytes() == before

    rot(tracked, MODEL, monkeypatch)
    said = tracked.command("python", "-m", "pipeline.provenance.restore")  # every run begins with this
    assert "corrupted" in said and not (tracked.results / MODEL).exists()


def test_a_cache_that_cannot_be_written_is_read_and_loses_no_results(tracked):
    folders = [path for path in (tracked.folder / ".dvc" / "cache").rglob("*") if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        (tracked.results / MODEL).unlink()
        tracked.configure({"text": {"summary": {"confidence": 0.9}}})
        status, text = tracked.outcome(*UNPRIVILEGED, "dvc", "repro", "text")
        assert status != 0 and "Permission denied" in text and "Restored 1 missing" in text
    finally:
        for folder in folders:
            folder.chmod(0o755)
    executed = tracked.executed()
    assert executed["summarize"] == 1 and executed["finetune"] == 0
    tracked.dvc("repro", "text")  # continues with the computed results
    assert tracked.executed() == {}
    assert "up to date" in tracked.dvc("status", "text")


@pytest.mark.parametrize("link", ["symlink", "hardlink"])
def test_nothing_writes_through_links_into_the_cache(tracked, link):
    tracked.dvc("config", "cache.type", link)
    tracked.dvc("checkout", "--relink")
    model = tracked.results / MODEL
    assert model.is_symlink() if link == "symlink" else model.stat().st_nlink > 1
    assert tracked.plan() == {}
    before = {path.name for path in objects(tracked)}

    tracked.configure({"text": {"finetune": {"learning_rate": 0.004}}})
    tracked.run(f"results/mini/{Path(MODEL).parents[1]}/manifest.json")  # generations 0 and 1
    assert tracked.executed() == {"finetune": 2, "generate": 2, "mix": 1, "evaluate": 1}
    assert unsound(tracked) == []
    tracked.dvc("commit", "--force", "text")
    assert unsound(tracked) == []
    assert before < {path.name for path in objects(tracked)}
