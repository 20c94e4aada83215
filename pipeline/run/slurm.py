"""Jobs in SLURM's queue: one run of an experiment at a time, also there, and patience while its controller is away.

A Snakemake that is killed leaves its jobs in the queue. The next run ends them before it writes anything: it finds them
by the name that Snakemake gives to all jobs of a run, kept in a record. A job that leaves the queue later still, from a
submission that was under way, sees by the same record that its run is over, and does nothing.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

COMMANDS = Path(__file__).parent / "slurm_commands"
QUEUE = Path(".snakemake") / "model-collapse" / "slurm"
RUN = "MODEL_COLLAPSE_RUN"  # told to jobs through their environment
PATIENCE = 600.0  # seconds that jobs may need to end, or the controller to answer
PAUSE = 2.0


class QueueError(RuntimeError):
    """The queue does not say, or do, what is needed; the message names the remedy."""


def record(experiment: str) -> Path:
    """The file that holds the name of an experiment's newest run in the queue; none if that has come to its end."""
    return QUEUE / experiment


def begin(experiment: str, run: str | None, as_script: bool) -> None:
    """Before anything is written: end what an earlier run has left in the queue, then name this run, if it uses it.

    `as_script`: jobs reach sbatch as scripts, not as one quoted word of its command.
    """
    path = record(experiment)
    if path.exists():
        end_jobs(path.read_text().strip(), path)
        path.unlink()
    if run is not None:
        check_words([os.getcwd(), *sys.argv[1:]], as_script)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(run)
        os.environ[RUN] = run
        prepare_commands()


def check_words(words: Sequence[str], as_script: bool) -> None:
    """QueueError for a word of the command, or a folder's name, that the shell of a job would not take as it stands.

    Snakemake passes them on in Python's quotes: double ones, in which a shell executes, if a word has a single one. And
    if they are not passed as a script, all of them stand in double quotes.
    """
    for word in words:
        if "'" in word and set('"$`\\\n') & set(word):
            raise QueueError(
                f"{word}: a single quote beside one of \" $ ` \\ or a line break, which a job's shell would take for "
                "more than words; put options into a file of their own (--configfile), or rename the folder"
            )
        if not as_script and set("$`\\") & set(word):
            raise QueueError(
                f"{word}: a shell would execute what follows $, ` or \\; set slurm-pass-command-as-script: true in "
                "the profile, as profiles/slurm has it"
            )


def check_job(experiment: str) -> None:
    """On a node, before a job does anything: QueueError if its run is not the newest of the experiment."""
    run, path = os.environ.get(RUN), record(experiment)
    if run is not None and not (path.exists() and path.read_text().strip() == run):
        raise QueueError(f"{experiment}: a newer run has taken the place of {run}, to which this job belongs")


def end_jobs(run: str, path: Path) -> None:
    """Cancel all jobs of a run and wait until none is left; QueueError if that takes more than PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    said = False
    while jobs := jobs_of(run, path):
        if time.monotonic() > deadline:
            raise QueueError(
                f"{path}: jobs of an earlier run do not end, or the queue does not answer ({', '.join(jobs)}); look at "
                "`squeue` and the nodes, or delete this file if you are sure that no such job can run any more"
            )
        if not said:
            print(f"Jobs of a killed run are in the queue: cancelling {', '.join(jobs)}.", file=sys.stderr)
            said = True
        subprocess.run(["scancel", "--name", run], capture_output=True)
        time.sleep(PAUSE)


def jobs_of(run: str, path: Path) -> list[str]:
    """Ids of a run's jobs that wait, run or are ending; `?` if the queue does not answer."""
    try:
        asked = subprocess.run(["squeue", "--noheader", "--format=%i", "--name", run], capture_output=True, text=True)
    except FileNotFoundError as error:
        raise QueueError(
            f"{path}: an earlier run may have jobs in SLURM's queue, and there is no squeue here; run where it was "
            "begun, or delete this file if no job of it can run any more"
        ) from error
    return asked.stdout.split() if asked.returncode == 0 else ["?"]


def prepare_commands() -> None:
    """Put stand-ins before SLURM's commands: a patient sbatch, and an sacct where there is no accounting."""
    os.environ["MODEL_COLLAPSE_PATH"] = os.environ["PATH"]
    os.environ["MODEL_COLLAPSE_SUBMITTER"] = str(os.getpid())
    os.environ["MODEL_COLLAPSE_QUEUE"] = str(QUEUE.absolute())
    folders = [COMMANDS]
    settings = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True).stdout
    if not any(line.startswith("AccountingStorageType") and "slurmdbd" in line for line in settings.splitlines()):
        folders.append(COMMANDS / "without_accounting")
    os.environ["PATH"] = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
