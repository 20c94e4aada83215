"""All uses of Snakemake beyond its documented interface.

Each function has a contract test (tests/unit/pipeline/run/test_snakemake_internals.py), which fails if an upgrade of
Snakemake breaks the function. Snakemake is imported inside the functions, because its import is slow.
"""

import base64
import contextlib
import io
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

STATE = Path(".snakemake")
CONFIGURATION = Path("config.yaml")
LONGEST_NAME = 254  # characters in the name of a record's file; a longer name becomes nested folders


class Job(NamedTuple):
    """A rule and its wildcards, as (name, value) in the rule's order."""

    rule: str
    wildcards: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return " ".join([self.rule, *(f"{name} {value}" for name, value in self.wildcards if value)])


Graph = dict[Job, list[Job]]


def arguments(options: Sequence[str]) -> Namespace:
    """Parse a Snakemake command line as Snakemake does, with its profiles."""
    from snakemake.cli import parse_args

    with contextlib.redirect_stderr(io.StringIO()) as printed:
        try:
            arguments: Namespace = parse_args([*options])[1]
        except SystemExit as end:  # --help, --version, or an unknown option
            raise SystemExit(printed.getvalue() or end.code) from None
    return arguments


def configuration(files: Sequence[Path], values: Sequence[str] = (), replace: bool = False) -> dict[str, Any]:
    """Return config.yaml, overlaid with `files` and `values` as Snakemake does; with `replace`, the overlays alone."""
    from snakemake.cli import parse_config
    from snakemake.common.configfile import load_configfile
    from snakemake.settings.types import ConfigSettings
    from snakemake.utils import update_config

    settings = ConfigSettings(config=parse_config(values), configfiles=[*files])
    config = {} if replace else load_configfile(CONFIGURATION)
    update_config(config, settings.overwrite_config)
    return config


@contextlib.contextmanager
def loaded(files: Sequence[Path] = (), values: Sequence[str] = (), replace: bool = False) -> Iterator[Any]:
    """Parse the Snakefile as a dry run does, and yield Snakemake's workflow."""
    from snakemake import api
    from snakemake.cli import parse_config
    from snakemake.settings import types

    output = types.OutputSettings(dryrun=True, quiet={types.Quietness.ALL})
    with api.SnakemakeApi(output) as snakemake:
        workflow_api = snakemake.workflow(
            resource_settings=types.ResourceSettings(cores=1),
            config_settings=types.ConfigSettings(
                config=parse_config(values), configfiles=[*files], replace_workflow_config=replace
            ),
        )
        workflow_api.dag(types.DAGSettings(forceall=True))
        yield workflow_api._workflow


def rules(files: Sequence[Path] = (), values: Sequence[str] = ()) -> dict[str, Any]:
    """Return Snakemake's rules that have outputs, by name."""
    with loaded(files, values) as workflow:
        return {rule.name: rule for rule in workflow.rules if rule.output}


def planned(
    files: Sequence[Path] = (), values: Sequence[str] = (), replace: bool = False
) -> tuple[dict[str, Any], Graph]:
    """Return the resolved configuration, and each job of a run from nothing with the jobs that it waits for."""
    with loaded(files, values, replace) as workflow:
        workflow._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True, nolock=True)
        workflow.async_run(workflow.dag.init())
        names = {job: _job(job) for job in workflow.dag.jobs if job.output}  # targets have no output
        parents = workflow.dag.dependencies
        graph = {name: [names[parent] for parent in parents[job] if parent in names] for job, name in names.items()}
        return workflow.config, graph


def jobs_to_run(workflow: Any) -> Iterator[tuple[Job, list[Path]]]:
    """Yield each job that this run will start, and its output files."""
    for job in workflow.dag.needrun_jobs():
        if job.output:
            yield _job(job), [Path(path) for path in job.output]


def _job(job: Any) -> Job:
    return Job(job.rule.name, tuple(job.wildcards_dict.items()))


def before_dag(workflow: Any, run: Callable[[], None], dry_run: Callable[[], None]) -> None:
    """Call `run` or `dry_run` before Snakemake builds its DAG; neither for other commands, such as `--summary`.

    The Snakefile cannot call them itself: while it is parsed, Snakemake does not know yet whether it will run jobs.
    """
    prepare = workflow._prepare_dag

    def prepared(*args: Any, **settings: Any) -> None:
        if workflow.executor_plugin is not None:
            (dry_run if workflow.dryrun else run)()
        prepare(*args, **settings)

    workflow._prepare_dag = prepared


def remove_rate_limit(workflow: Any) -> None:
    """Remove the limit of jobs a second, whose timers pile up: each finished job would add one more plan a second."""
    workflow.scheduler.job_rate_limiter = None


def run_name(workflow: Any) -> str | None:
    """Return the name that all jobs of this run have in SLURM's queue; None for an executor without names."""
    return getattr(workflow.scheduler._executor, "run_uuid", None)


def passes_scripts(workflow: Any) -> bool:
    """Whether the SLURM executor hands jobs to sbatch as scripts, not as one quoted word."""
    return getattr(workflow.executor_settings, "pass_command_as_script", False)


def resource(workflow: Any, name: str) -> int:
    """Return the total of a resource that the command line or profile sets; 0 if it sets none."""
    return getattr(workflow.global_resources.get(name), "value", None) or 0


def is_locked(state: Path = STATE) -> bool:
    """Whether a run holds Snakemake's lock, or was killed while it held the lock."""
    return any((state / "locks").glob("*"))


def record_path(output: str, state: Path = STATE) -> Path:
    """Return the file with Snakemake's record of an output."""
    name = base64.urlsafe_b64encode(output.encode()).decode()
    parts = [name[start : start + LONGEST_NAME] for start in range(0, len(name), LONGEST_NAME)]
    return state.joinpath("metadata", *(f"@{part}" for part in parts[:-1]), parts[-1])


def record_paths(state: Path = STATE) -> list[tuple[Path, str]]:
    """Return the file of every record, and the output that it describes."""
    records = []
    for path in sorted((state / "metadata").rglob("*")):
        if path.is_file() and path.suffix != ".part":
            parts = path.relative_to(state / "metadata").parts
            name = "".join(part.removeprefix("@") for part in parts)
            try:
                records.append((path, base64.urlsafe_b64decode(name).decode()))
            except ValueError:  # not a record
                continue
    return records
