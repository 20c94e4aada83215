"""Faults of a real cluster, caused on purpose: the bytes equal those of an undisturbed run."""

import os
import signal
import subprocess

import pytest

from pipeline.run import slurm
from tests.external.cluster.conftest import MODEL, PATIENCE, Run, field, trainings
from tests.external.cluster.slurm import until

pytestmark = pytest.mark.cluster


def last(run: Run) -> str:
    return [*run.jobs()][-1]


def test_a_cancelled_job_is_tried_again_and_goes_on_from_its_checkpoint(cluster, training, undisturbed):
    run = Run(cluster, training, MODEL)
    run.in_mid_job()
    cluster.call("scancel", last(run))
    run.finish()
    assert [*run.jobs().values()] == ["CANCELLED", "COMPLETED"]
    assert training.bytes() == undisturbed


def test_a_drained_node_finishes_its_job_and_is_given_no_other(cluster, training, undisturbed):
    run = Run(cluster, training, MODEL)
    number = run.in_mid_job()
    node = field(cluster, last(run), "NodeList")
    cluster.call("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    try:
        options = ["--parsable", "--wait", "--mem=10", "--output=/dev/null", "--wrap=true"]
        elsewhere = cluster.call("sbatch", *options).strip()
        os.kill(number, signal.SIGCONT)
        run.finish()
    finally:
        cluster.call("scontrol", "update", f"nodename={node}", "state=resume")
    assert field(cluster, elsewhere, "NodeList") != node
    assert [*run.jobs().values()] == ["COMPLETED"]
    assert training.bytes() == undisturbed


def test_a_job_outlives_the_daemon_of_its_node(cluster, training, undisturbed):
    run = Run(cluster, training, MODEL)
    number = run.in_mid_job()
    node = field(cluster, last(run), "NodeList")
    cluster.kill(node)
    os.kill(number, signal.SIGCONT)
    until(lambda: not trainings(training.folder), "the training to end", PATIENCE)
    cluster.start(node)
    run.finish()
    assert [*run.jobs().values()] == ["COMPLETED"]
    assert training.bytes() == undisturbed


def test_snakemake_waits_while_the_controller_is_away(cluster, training, undisturbed):
    """Check the waiting commands of pipeline/run/slurm.py. Without them a submission fails and Snakemake hangs."""
    cluster.kill("slurmctld")
    run = Run(cluster, training, MODEL)
    until(lambda: "Auto-selected partition" in run.log.read_text(), "a submission", PATIENCE)
    cluster.start("slurmctld")
    number = run.in_mid_job()
    cluster.kill("slurmctld")
    os.kill(number, signal.SIGCONT)
    until(lambda: not trainings(training.folder), "the training to end", PATIENCE)
    with pytest.raises(subprocess.TimeoutExpired):
        run.process.wait(40)
    cluster.start("slurmctld")
    run.finish()
    assert [*run.jobs().values()] == ["COMPLETED"]
    assert training.bytes() == undisturbed


def test_a_job_over_its_time_is_given_more_and_goes_on_from_its_checkpoint(cluster, training, undisturbed):
    run = Run(cluster, training, MODEL, "--set-resources", "finetune:runtime=60 * attempt")
    run.in_mid_job()  # and does not go on
    cluster.call("scontrol", "update", f"jobid={last(run)}", "timelimit=1")
    run.finish()
    first, second = run.jobs()
    assert run.jobs() == {first: "TIMEOUT", second: "COMPLETED"}
    assert field(cluster, second, "TimeLimit") == "02:00:00"
    assert training.bytes() == undisturbed


def test_a_job_over_its_memory_is_given_more(cluster, training, undisturbed):
    run = Run(cluster, training, MODEL, "--set-resources", "finetune:mem_mb=250 * 4 ** (attempt - 1)")
    run.finish()
    first, second = run.jobs()
    assert run.jobs()[first] != "COMPLETED" == run.jobs()[second]
    assert (field(cluster, first, "MinMemoryNode"), field(cluster, second, "MinMemoryNode")) == ("250M", "1000M")
    assert training.bytes() == undisturbed


def test_a_killed_run_leaves_jobs_that_the_next_one_ends_before_it_begins(cluster, training, undisturbed):
    killed = Run(cluster, training, MODEL)
    orphan = killed.in_mid_job()
    os.killpg(killed.process.pid, signal.SIGKILL)
    killed.process.wait()
    training.snakemake("--unlock")
    run = Run(cluster, training, MODEL)
    run.finish()
    old, new = run.jobs()
    assert run.jobs() == {old: "CANCELLED", new: "COMPLETED"}
    assert field(cluster, old, "EndTime") <= field(cluster, new, "SubmitTime")
    assert orphan not in trainings(training.folder)
    assert training.bytes() == undisturbed


def test_ctrl_c_takes_the_jobs_out_of_the_queue(cluster, training):
    run = Run(cluster, training, MODEL)
    run.in_mid_job()
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.process.wait(PATIENCE) != 0
    until(lambda: [*run.jobs().values()] == ["CANCELLED"], "the job to be cancelled", PATIENCE)
    until(lambda: not trainings(training.folder), "its processes to end", PATIENCE)


def test_a_job_that_the_queue_has_forgotten_is_not_waited_for(cluster, tmp_path):
    """Without accounting, only squeue knows the state of jobs, and it forgets."""
    configuration = cluster.folder / "slurm.conf"
    before = configuration.read_text()
    queue = {"MODEL_COLLAPSE_PATH": cluster.environment["PATH"], "MODEL_COLLAPSE_QUEUE": str(tmp_path)}
    sacct = slurm.COMMANDS / "without_accounting" / "sacct"
    question = [sacct, "-X", "--parsable2", "--noheader", "--name", "run-of-mine"]

    def answer() -> str:
        return subprocess.run(question, env=cluster.environment | queue, capture_output=True, text=True).stdout.strip()

    configuration.write_text(before.replace("MinJobAge=3600", "MinJobAge=2"))
    cluster.call("scontrol", "reconfigure")
    try:
        options = ["--parsable", "--job-name=run-of-mine", "--mem=10", "--output=/dev/null", "--wrap=sleep 5"]
        job = cluster.call("sbatch", *options).strip()
        until(lambda: answer() in (f"{job}|PENDING", f"{job}|RUNNING"), "the job to be seen", 60)
        until(lambda: answer() == f"{job}|UNKNOWN", "the job to be forgotten", PATIENCE)
    finally:
        configuration.write_text(before)
        cluster.call("scontrol", "reconfigure")
