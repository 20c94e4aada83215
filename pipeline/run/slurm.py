"""Jobs in SLURM's queue: one run of an experiment at a time, and waiting while SLURM's controller does not answer.

A killed Snakemake leaves jobs in the queue. The next run cancels them before it writes anything. It finds them by the
common name of all jobs of a run, which a record keeps. A submission may still be under way at that time: its job reads
the record later, sees that its run is over, and does nothing.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

COMMANDS = Path(__file__).parent / "slurm_commands"
QUEUE = Path(".snakemake") / "model-collapse" / "slurm"
RUN = "MODEL_COLLAPSE_RUN"  # name of the run, in the environment of its jobs
PATIENCE = 600.0  # seconds that jobs may need to end, or the controller to answer
PAUSE = 2.0


class QueueError(RuntimeError):
    """The queue does not answer or does not obey, or a word is unsafe. The message names the remedy."""


def record(experiment: str) -> Path:
    """Return the path of the file with the name of an experiment's run in the queue. A finished run has no file."""
    return QUEUE / experiment


def begin(experiment: str, run: str | None, as_script: bool) -> None:
    """Cancel the jobs of an earlier run; then record this `run`, or nothing if it does not use the queue.

    Call this before anything is written. `as_script`: jobs reach sbatch as scripts, not as one quoted word. Raises
    QueueError as `end_jobs` and `check_words`.
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
    """Raise QueueError for a word of the command, or a folder, that the shell of a job would execute or change.

    Snakemake quotes words as Python does. A word with a single quote gets double quotes, in which a shell executes
    code. Without `as_script`, all words stand in double quotes.
    """
    for word in words:
        if "'" in word and set('"$`\\\n') & set(word):
            raise QueueError(
                f'{word}: a single quote together with " $ ` \\ or a line break, which the shell of a job would '
                "interpret; put the options into a file (--configfile), or rename the folder"
            )
        if not as_script and set("$`\\") & set(word):
            raise QueueError(
                f"{word}: the shell of a job would interpret $, ` or \\; set slurm-pass-command-as-script: true in "
                "the profile, as profiles/slurm does"
            )


def check_job(experiment: str) -> None:
    """Raise QueueError if the run of this job is not the experiment's newest run. Call it at the start of a job."""
    run, path = os.environ.get(RUN), record(experiment)
    if run is not None and not (path.exists() and path.read_text().strip() == run):
        raise QueueError(f"{experiment}: a newer run has replaced run {run} of this job; nothing to do")


def end_jobs(run: str, path: Path) -> None:
    """Cancel all jobs of a run and wait for their end. Raises QueueError after PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    announced = False
    while jobs := jobs_of(run, path):
        if time.monotonic() > deadline:
            raise QueueError(
                f"{path}: jobs of an earlier run do not end, or the queue does not answer ({', '.join(jobs)}); check "
                "`squeue` and the nodes, or delete this file if you are sure that none of these jobs can run any more"
            )
        if not announced:
            print(f"Cancelling the jobs of a killed run in the queue: {', '.join(jobs)}.", file=sys.stderr)
            announced = True
        subprocess.run(["scancel", "--name", run], capture_output=True)
        time.sleep(PAUSE)


def jobs_of(run: str, path: Path) -> list[str]:
    """List the ids of a run's jobs that wait, run or are ending; `?` if the queue does not answer.

    Raises QueueError if this machine has no `squeue`.
    """
    try:
        answer = subprocess.run(["squeue", "--noheader", "--format=%i", "--name", run], capture_output=True, text=True)
    except FileNotFoundError as error:
        raise QueueError(
            f"{path}: an earlier run may have jobs in SLURM's queue, but there is no squeue command here; run on the "
            "machine of that run, or delete this file if none of its jobs can run any more"
        ) from error
    return answer.stdout.split() if answer.returncode == 0 else ["?"]


def prepare_commands() -> None:
    """Put this project's sbatch, which waits, and an sacct, if SLURM keeps no accounts, before SLURM's commands."""
    os.environ["MODEL_COLLAPSE_PATH"] = os.environ["PATH"]
    os.environ["MODEL_COLLAPSE_SUBMITTER"] = str(os.getpid())
    os.environ["MODEL_COLLAPSE_QUEUE"] = str(QUEUE.absolute())
    folders = [COMMANDS]
    settings = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True).stdout
    if not any(line.startswith("AccountingStorageType") and "slurmdbd" in line for line in settings.splitlines()):
        folders.append(COMMANDS / "without_accounting")
    os.environ["PATH"] = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
