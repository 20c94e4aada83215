"""Run the experiment from start to report: put back what the DVC cache holds, run Snakemake, write the report.

    python -m pipeline.run [TARGET] [--configfile PRESET] [options of snakemake]

`make run` and the stages of dvc.yaml come through here; `snakemake` alone does the same jobs without the rest.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from collapse.artefacts import ArtefactError
from pipeline.provenance import records, restore
from pipeline.run import machine, report, run_lock

ROOT = Path(__file__).resolve().parents[2]
RESULTS_NOTE = Path(".snakemake/model-collapse/results")  # written by common.smk, which knows the whole configuration

# of Snakemake: memory is not that of this machine, or limited already
LIMITED = {"--resources", "--res", "--executor", "-e", "--profile", "--workflow-profile"}
PATIENCE = 8.0  # seconds that Snakemake may need to end its jobs
FOLDERS = {  # of the targets that make tables without a report: the outputs of their stages in dvc.yaml
    "text": ("corpus", "base", "text"),
    "side": ("discrete", "gaussian", "mixture", "vae", "three_errors"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Return Snakemake's exit status, 0 if all is done."""
    options = list(sys.argv[1:] if argv is None else argv)
    os.chdir(ROOT)
    started = time.monotonic()
    # where Snakemake finds the progress logger
    os.environ["PYTHONPATH"] = os.pathsep.join(["workflow/plugins", os.environ.get("PYTHONPATH", "")])
    keep_caches_here()
    snakemake = [sys.executable, "-m", "snakemake"]

    restore.missing_files()
    if run_lock.stale_lock():
        print("An earlier run was killed: unlocking, then going on where it stopped.", file=sys.stderr)
        subprocess.run([*snakemake, *options, "--unlock", "--quiet", "all"], check=True)
    # options come first: --logger takes as many words as follow it
    command = [*snakemake, *options, *memory_limit(options), "--logger", "progress"]
    status = finished(subprocess.Popen(command, pass_fds=[run_lock.hold()]))
    if status != 0:
        print("\nStopped before the end; the same command goes on from here.", file=sys.stderr)
        return status
    try:
        finish(snakemake, options, started)
    except ArtefactError as error:  # a full disk
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def keep_caches_here() -> None:
    """What Snakemake, matplotlib and hub clients keep in the home folder: in .snakemake, if that cannot be written."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    there = next(path for path in (cache / "snakemake", cache, *cache.parents) if path.exists())
    if not os.access(there, os.W_OK):
        os.environ["XDG_CACHE_HOME"] = str(ROOT / ".snakemake" / "cache")
        os.environ.setdefault("MPLCONFIGDIR", str(ROOT / ".snakemake" / "cache" / "matplotlib"))


def finish(snakemake: Sequence[str], options: Sequence[str], started: float) -> None:
    """After Snakemake: its records packed, the folders that DVC wants, the report."""
    results = Path(RESULTS_NOTE.read_text())
    records.pack(results, Path(".snakemake"))  # also if a run was killed after its last job
    for folder in (folder for target, folders in FOLDERS.items() if target in options for folder in folders):
        (results / folder).mkdir(parents=True, exist_ok=True)  # DVC wants every output, also of a part left out
    if not {*FOLDERS, "--dry-run", "-n"}.intersection(options):
        path = report.write(snakemake, options, results)
        print(f"\nDone in {time.monotonic() - started:.0f} s. Read {path}", file=sys.stderr)
        print(f"Figures: {path.parent / 'figures'}   Tables: beside them, a folder for each part", file=sys.stderr)


def memory_limit(options: Sequence[str]) -> list[str]:
    """Jobs beside each other take no more memory than is free now; nothing if options set a limit or run elsewhere."""
    given = {option.split("=")[0] for option in options} | (
        {"--profile"} if "SNAKEMAKE_PROFILE" in os.environ else set()
    )
    if given & LIMITED:
        return []
    return ["--resources", f"mem_mb={machine.free_bytes() // 1_000_000}"]


def finished(process: subprocess.Popen) -> int:
    """Wait for Snakemake; on Ctrl-C too, which it has received itself and answers by ending its jobs.

    At some moments it loses an interrupt: if it goes on for PATIENCE seconds after one, it is sent another.
    """
    interrupted = False
    while True:
        try:
            return process.wait(PATIENCE if interrupted else None)
        except KeyboardInterrupt:
            interrupted = True
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)


if __name__ == "__main__":
    raise SystemExit(main())
