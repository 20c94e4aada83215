"""A dry run leaves every file as it was, whatever lies there."""

import os
import time

import pytest

from tests.project import Project


def files(project: Project) -> dict[str, tuple[bytes, int]]:
    """Content and time of every file, also of Snakemake's and of Python's own."""
    return {
        path.relative_to(project.folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in project.folder.rglob("*")
        if path.is_file() and "iocache" not in path.parts  # where Snakemake keeps the times that it has read
    }


def dry_run(project: Project) -> str:
    before = files(project)
    text = project.snakemake("-n")
    after = files(project)
    assert sorted(name for name in before.keys() | after if before.get(name) != after.get(name)) == []
    return text


def test_in_a_fresh_clone(tmp_path):
    assert "prepare_pretraining" in dry_run(Project.create(tmp_path))


def test_in_a_finished_tree_with_files_from_the_future(mini):
    later = time.time() + 86_400
    os.utime(mini.results / "text" / "summary.csv", (later, later))
    assert "Nothing to be done" in dry_run(mini)


def test_in_a_tree_pulled_before_its_records_are_unpacked(tracked, tmp_path):
    clone = tracked.clone(tmp_path / "clone")
    clone.dvc("pull")
    text = dry_run(clone)
    assert len([line for line in text.splitlines() if "`make restore` unpacks it" in line]) == 1
    clone.restore()
    text = dry_run(clone)
    assert "make restore" not in text and "Nothing to be done" in text


@pytest.mark.parametrize("options", [["--summary"], ["--list-rules"], ["--report", "report.html"]])
def test_nor_does_any_other_command_than_a_run(mini, options):
    record = next(path for path in (mini.folder / ".snakemake" / "metadata").rglob("*") if path.is_file())
    before = {name: one for name, one in files(mini).items() if ".snakemake/log" not in name}
    mini.snakemake(*options)
    after = files(mini)
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed == set() and record.exists()
