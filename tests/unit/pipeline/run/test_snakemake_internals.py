"""Contracts with Snakemake: each fails if an upgrade takes away what pipeline/run/snakemake_internals.py relies on."""

import inspect
from types import SimpleNamespace

import pytest

from pipeline.run import snakemake_internals
from tests.project import ROOT, Project

LONG = "results/mini/text/" + "a" * 300 + "/manifest.json"


@pytest.fixture(autouse=True)
def folder(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_a_command_line_is_read_as_snakemake_reads_it():
    read = snakemake_internals.arguments(["text", "-n", "--config", "threads=2", "--resources", "mem_mb=5"])
    assert (read.dryrun, read.config, read.executor, read.cores, read.jobs) == (True, ["threads=2"], None, None, None)
    assert read.targets == ["text"] and read.resources and read.keep_going and not read.replace_workflow_config
    with pytest.raises(SystemExit, match="unrecognized arguments: --no-such-option"):
        snakemake_internals.arguments(["--no-such-option"])


def test_configuration_files_and_values_are_laid_over_each_other_key_by_key(tmp_path):
    (tmp_path / "over.yaml").write_text("text: {seeds: [7], generations: 3}")
    config = snakemake_internals.configuration([tmp_path / "over.yaml"], ["text={generations: 4}"])
    assert config["text"]["seeds"] == [7] and config["text"]["generations"] == "4"  # a later check reads it as a number
    assert "questions" in config["text"]
    assert snakemake_internals.configuration([tmp_path / "over.yaml"], replace=True) == {
        "text": {"seeds": [7], "generations": 3}
    }


def test_a_plan_has_every_job_with_the_jobs_that_it_waits_for(tmp_path, monkeypatch):
    project = Project.create(tmp_path)
    monkeypatch.chdir(tmp_path)
    config, graph = snakemake_internals.planned(values=["parts=[discrete]"])
    assert config["parts"] == ["discrete"]
    jobs = {str(job): [str(one) for one in before] for job, before in graph.items()}
    assert jobs["plot_discrete"] == ["collect_discrete"]
    assert jobs["collect_discrete"] and all("simulate_discrete" in one for one in jobs["collect_discrete"])
    assert project.plan("--config", "parts=[discrete]").total() == len(graph)


def test_records_lie_where_snakemake_looks_for_them(tmp_path):
    from snakemake.persistence.file import FilePersistence

    state = SimpleNamespace(_max_len=None, _fetch_max_len=lambda _: 255)
    for output in ("results/mini/text/summary.csv", LONG):
        theirs = FilePersistence._record_path(state, str(tmp_path / "metadata"), output)
        path = snakemake_internals.record_path(output, tmp_path)
        assert str(path) == theirs
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
        assert (path, output) in snakemake_internals.record_paths(tmp_path)


def test_a_lock_lies_where_we_look_for_it(tmp_path):
    from snakemake.persistence.file import FilePersistence

    (tmp_path / "locks").mkdir()
    assert not snakemake_internals.is_locked(tmp_path)
    FilePersistence._write_locks(SimpleNamespace(_lockdir=tmp_path / "locks", _lockfile={}), "output", ["a"])
    assert snakemake_internals.is_locked(tmp_path)


def test_the_names_that_hooks_use_are_there():
    """Those that only a run has: a run without them would go on slowly, or leave jobs in a queue, without a word."""
    from snakemake import api  # first, because of circular imports in Snakemake
    from snakemake.dag import DAG
    from snakemake.executors import local
    from snakemake.scheduling.job_scheduler import JobScheduler
    from snakemake.workflow import Workflow
    from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

    scheduler = inspect.getsource(JobScheduler)
    assert "self.job_rate_limiter" in scheduler and "self._executor" in scheduler
    assert "if self.job_rate_limiter is not None" in scheduler or "if self.job_rate_limiter" in scheduler
    assert hasattr(DAG, "needrun_jobs") and hasattr(Workflow, "_prepare_dag")
    assert "self._prepare_dag(" in inspect.getsource(Workflow.execute)
    assert api.SnakemakeApi and local and RemoteExecutor


def test_the_slurm_executor_names_its_jobs_and_can_pass_scripts():
    slurm = pytest.importorskip("snakemake_executor_plugin_slurm", reason="make cluster installs it")
    assert "self.run_uuid =" in inspect.getsource(slurm.Executor)
    assert "pass_command_as_script" in inspect.signature(slurm.ExecutorSettings).parameters


@pytest.mark.parametrize(("options", "called"), [([], "run"), (["--dry-run"], "dry run"), (["--summary"], "")])
def test_a_run_and_a_dry_run_are_told_apart_before_the_dag_is_built(tmp_path, options, called):
    project = Project(tmp_path)
    (tmp_path / "Snakefile").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pipeline.run import snakemake_internals\n"
        "snakemake_internals.before_dag(workflow, lambda: open('run', 'w'), lambda: open('dry run', 'w'))\n"
        "rule all:\n    output: 'made'\n    shell: 'ls > made'\n"
    )
    project.snakemake("--cores", "1", *options)
    there = [name for name in ("run", "dry run") if (tmp_path / name).exists()]
    assert there == [called] * bool(called)
    assert options or "run" in (tmp_path / "made").read_text().split()
