"""The queue holds jobs of one run of an experiment, and the shell of a job does not interpret words."""

import pytest

from pipeline.run import slurm


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_job_of_an_earlier_run_is_refused(monkeypatch):
    slurm.record("mini").parent.mkdir(parents=True)
    slurm.record("mini").write_text("newer")
    monkeypatch.setenv(slurm.RUN, "newer")
    slurm.check_job("mini")
    monkeypatch.setenv(slurm.RUN, "earlier")
    with pytest.raises(slurm.QueueError, match="mini: a newer run has replaced run earlier"):
        slurm.check_job("mini")
    monkeypatch.delenv(slurm.RUN)
    slurm.check_job("mini")  # a job that was not sent to a queue


def test_a_run_does_not_begin_where_the_queue_of_an_earlier_one_cannot_be_seen(monkeypatch):
    slurm.record("mini").parent.mkdir(parents=True)
    slurm.record("mini").write_text("earlier")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(slurm.QueueError, match=r"mini: .* no squeue command here"):
        slurm.begin("mini", None, as_script=True)
    assert slurm.record("mini").exists()


def test_words_that_the_shell_of_a_job_would_execute_are_refused():
    slurm.check_words(
        ["/home/o'neill/collapse", 'corpus={"folder": "$HOME"}'], as_script=True
    )  # Python quotes these safely
    for word in ("it's $(touch canary)", "it's `touch canary`", 'it\'s "so"'):
        with pytest.raises(slurm.QueueError, match="a single quote together with"):
            slurm.check_words([word], as_script=True)
    with pytest.raises(slurm.QueueError, match="pass-command-as-script"):
        slurm.check_words(["$HOME"], as_script=False)
