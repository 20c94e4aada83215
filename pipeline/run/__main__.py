"""Run the experiment from start to report: restore missing files from the DVC cache, run Snakemake, write the report.

    python -m pipeline.run [TARGET] [--configfile PRESET] [options of snakemake]

`make run` and the stages of dvc.yaml use this command. `snakemake` alone runs the same jobs without the other steps.
"""

import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import yaml

from collapse.artefacts import ArtefactError
from pipeline.provenance import records, restore
from pipeline.run import machine, report, run_lock, snakemake_internals

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 8.0  # seconds that Snakemake may take to end its jobs


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything and return Snakemake's exit status: 0 if all jobs are done."""
    options = list(sys.argv[1:] if argv is None else argv)
    os.chdir(ROOT)
    started = time.monotonic()
    # where Snakemake finds the progress logger
    os.environ["PYTHONPATH"] = os.pathsep.join(["workflow/plugins", os.environ.get("PYTHONPATH", "")])
    keep_caches_here()
    snakemake = [sys.executable, "-m", "snakemake"]
    arguments = snakemake_internals.arguments(options)
    if arguments.dryrun:
        return subprocess.run([*snakemake, *options]).returncode

    restore.missing_files()
    if run_lock.stale_lock():
        print("An earlier run was killed. This run unlocks the folder and continues from there.", file=sys.stderr)
        subprocess.run([*snakemake, *options, "--unlock", "--quiet", "all"], check=True)
    # the options stand first, because --logger takes all words behind it
    command = [*snakemake, *options, *limits(arguments), "--logger", "progress"]
    status = wait_for(subprocess.Popen(command, pass_fds=[run_lock.hold()]))
    if status != 0:
        print("\nStopped before the end. The same command continues from here.", file=sys.stderr)
        return status
    try:
        finish(snakemake, options, arguments, started)
    except ArtefactError as error:  # a full disk
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def keep_caches_here() -> None:
    """Move the caches of Snakemake, matplotlib and hub clients to .snakemake if the home folder is read-only."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    existing = next(path for path in (cache / "snakemake", cache, *cache.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        os.environ["XDG_CACHE_HOME"] = str(ROOT / ".snakemake" / "cache")
        os.environ.setdefault("MPLCONFIGDIR", str(ROOT / ".snakemake" / "cache" / "matplotlib"))


def finish(snakemake: Sequence[str], options: Sequence[str], arguments: Namespace, started: float) -> None:
    """Pack Snakemake's records, make the folders that DVC expects, and write the report."""
    config = snakemake_internals.configuration(
        arguments.configfile or [], arguments.config or [], arguments.replace_workflow_config
    )
    results = Path("results", config["experiment"])
    records.pack(results, snakemake_internals.STATE)  # an earlier run may have been killed after its last job
    stages = stage_outputs()
    targets = stages.keys() & {*options}
    for path in (results / name for target in targets for name in stages[target]):
        if not path.suffix:
            path.mkdir(parents=True, exist_ok=True)  # DVC expects every output, also of a part that is left out
    if all("report.html" in stages[target] for target in targets):
        path = report.write(snakemake, [option for option in options if option not in targets], results)
        print(f"\nDone in {time.monotonic() - started:.0f} s. Read {path}", file=sys.stderr)
        print(f"Figures: {path.parent / 'figures'}   Tables: beside them, a folder for each part", file=sys.stderr)


def stage_outputs() -> dict[str, list[str]]:
    """Return the outputs of each stage of dvc.yaml, relative to the results folder, by the target of its command."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values()
    return {
        stage["cmd"].split()[-1]: [Path(*Path(path).parts[2:]).as_posix() for out in stage["outs"] for path in out]
        for stage in stages
    }


def limits(arguments: Namespace) -> list[str]:
    """Return options for a run on this machine: all cores and the free memory, unless the user gave other options."""
    if arguments.executor not in (None, "local"):
        return []
    cores = [] if arguments.cores or arguments.jobs else ["--cores", "all"]
    if arguments.resources:
        return cores
    return [*cores, "--resources", f"mem_mb={machine.free_bytes() // 1_000_000}"]


def wait_for(process: subprocess.Popen[bytes]) -> int:
    """Wait for Snakemake and return its status. Ctrl-C reaches Snakemake itself, which then ends its jobs.

    Snakemake sometimes loses an interrupt. So it gets another one every PATIENCE seconds after the first.
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
