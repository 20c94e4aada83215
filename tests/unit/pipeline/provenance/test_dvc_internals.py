"""Contract with DVC: where it records and keeps files, which a run reads to put back what is missing."""

from pipeline.provenance import dvc_internals


def test_every_recorded_file_lies_in_the_cache_under_its_checksum(tracked, monkeypatch):
    monkeypatch.chdir(tracked.folder)
    files = dvc_internals.recorded(tracked.folder / "dvc.lock")
    results = {path.as_posix() for path in files}
    assert {"results/mini/config.yaml", "results/mini/text/summary.csv"} <= results
    for path, stored in files.items():
        assert stored.read_bytes() == path.read_bytes()
        assert dvc_internals.sound(stored)
