"""A job of a run that another has taken the place of does nothing, however late it leaves the queue."""

import pytest

from workflow import slurm


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_job_of_an_earlier_run_is_refused(monkeypatch):
    slurm.record("mini").parent.mkdir(parents=True)
    slurm.record("mini").write_text("newer")
    monkeypatch.setenv(slurm.RUN, "newer")
    slurm.check_job("mini")
    monkeypatch.setenv(slurm.RUN, "earlier")
    with pytest.raises(slurm.QueueError, match="mini: a newer run has taken the place of earlier"):
        slurm.check_job("mini")
    monkeypatch.delenv(slurm.RUN)
    slurm.check_job("mini")  # a job that was not sent to a queue


def test_a_run_does_not_begin_where_the_queue_of_an_earlier_one_cannot_be_seen(monkeypatch):
    slurm.record("mini").parent.mkdir(parents=True)
    slurm.record("mini").write_text("earlier")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(slurm.QueueError, match=r"mini: .* no squeue here"):
        slurm.begin("mini", None)
    assert slurm.record("mini").exists()
