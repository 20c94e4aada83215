"""An executor of Snakemake: each submission a Job of Kubernetes, on a disk that all share (workflow/kubernetes.py).

Snakemake finds it by its name once `workflow/plugins` is on the module path, which `python -m workflow.run` and
`make cluster` arrange. Snakemake's own executor for Kubernetes knows no shared disk, and its generic one gives commands
to a shell and loses sight of jobs at Ctrl-C.
"""

import ast
import re
import shlex
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Optional
from uuid import uuid4

from snakemake_interface_common.exceptions import WorkflowError
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.jobs import JobExecutorInterface
from snakemake_interface_executor_plugins.settings import CommonSettings, ExecutorSettingsBase

LITERAL = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)

common_settings = CommonSettings(
    non_local_exec=True,
    implies_no_shared_fs=False,
    job_deploy_sources=False,
    auto_deploy_default_storage_provider=False,
)


def requoted(command: str) -> str:
    """Snakemake quotes words for the shell as Python would (`repr`), in which a shell would find commands and ends."""
    return LITERAL.sub(lambda found: shlex.quote(ast.literal_eval(found[0])), command)


@dataclass
class ExecutorSettings(ExecutorSettingsBase):
    """What the profile or the command line says."""

    cluster: Optional[str] = field(  # noqa: UP045 (Snakemake makes an option of it, and reads no other spelling)
        default=None, metadata={"help": "File with the cluster's settings", "required": True}
    )


class Executor(RemoteExecutor):
    """Makes, watches and deletes the Jobs of one run, which is named by `kubernetes_run`."""

    def __post_init__(self) -> None:
        from workflow import kubernetes  # the project's folder is on the module path once its rules have been read

        self.api = kubernetes
        self.kubernetes_run = uuid4().hex[:16]
        self.numbers = count(1)
        try:
            self.cluster = kubernetes.read_cluster(Path(self.workflow.executor_settings.cluster), Path.cwd())
        except kubernetes.QueueError as error:
            raise WorkflowError(str(error)) from None

    def get_python_executable(self) -> str:
        return repr(super().get_python_executable())  # quoted like all words, for `requoted`

    def run_job(self, job: JobExecutorInterface) -> None:
        info = SubmittedJobInfo(job)
        needs = {**dict(job.resources.items()), "threads": job.threads}
        title = f"{job.name} {job.jobid}"
        made = self.api.job(
            self.cluster, self.kubernetes_run, next(self.numbers), title, requoted(self.format_job_exec(job)), needs
        )
        try:
            info.external_jobid = self.api.submit(self.cluster.namespace, made)
        except self.api.QueueError as error:
            self.report_job_error(info, msg=f"{error}\n")
            return
        self.report_job_submission(info)

    async def check_active_jobs(self, active_jobs: list[SubmittedJobInfo]) -> AsyncGenerator[SubmittedJobInfo, None]:
        states = self.api.states(self.cluster.namespace, self.kubernetes_run) if active_jobs else {}
        for info in active_jobs:
            # a Job that is no longer there has been deleted by someone: it is tried again
            state = "running" if states is None else states.get(info.external_jobid, "failed")
            if state == "running":
                yield info
            elif state == "success":
                self.report_job_success(info)
            else:
                self.report_job_error(info, msg=f"kubectl logs job/{info.external_jobid} shows its last words.\n")

    def cancel_jobs(self, active_jobs: list[SubmittedJobInfo]) -> None:
        # all of the run: while their states are asked for, Snakemake's list of its jobs is empty
        if not self.api.delete(self.cluster.namespace, self.kubernetes_run):
            self.logger.error("The cluster does not answer: Jobs may go on, until the next run deletes them.")
