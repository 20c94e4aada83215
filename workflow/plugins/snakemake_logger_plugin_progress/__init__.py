"""Progress of a run in one line: finished jobs, running jobs and their progress, and the time left.

Snakemake finds this plugin by its name if `workflow/plugins` is on the module path, as under `python -m pipeline.run`.
The time left is the mean time of each rule times its number of remaining jobs, divided by the number of jobs at a time.
It is unknown until every rule of the chain has run once.
"""

import os
import sys
import threading
import time
from dataclasses import dataclass
from logging import WARNING, LogRecord
from pathlib import Path

from snakemake.logging import DefaultFormatter
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

CHAIN = ("mix", "finetune", "generate", "evaluate")


@dataclass
class Running:
    """A job that has started and not finished."""

    rule: str
    wildcards: dict[str, str]
    log: str | None
    started: float

    def line(self) -> str:
        """`finetune replace seed 1 generation 3 (40/50 steps, loss 3.21, 2 s left)`"""
        place = " ".join(value if name == "arm" else f"{name} {value}" for name, value in self.wildcards.items())
        return " ".join(filter(None, [self.rule, place, self._note()]))

    def _note(self) -> str:
        try:
            lines = Path(self.log or "").read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return f"({lines[-1]})" if lines and lines[-1].endswith("s left") else ""


class LogHandler(LogHandlerBase):
    """Turns Snakemake's events into the line. Prints warnings and errors in full, as Snakemake does."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.seconds: dict[str, list[float]] = {}
        self.running: dict[int, Running] = {}
        self.most_at_once = 1
        self.terminal = sys.stderr.isatty()
        self.formatter_of_snakemake = DefaultFormatter(show_failed_logs=True)
        self.writing = threading.Lock()
        threading.Thread(target=self._show_regularly, daemon=True).start()

    def emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self.counts = {rule: count for rule, count in record.stats.items() if rule != "total"}
        elif event == LogEvent.JOB_INFO:
            log = record.log[0] if record.log else None
            wildcards = dict(record.wildcards or {})
            self.running[record.jobid] = Running(record.rule_name, wildcards, log, time.monotonic())
            self.most_at_once = max(self.most_at_once, len(self.running))
        elif event == LogEvent.JOB_FINISHED:
            job = self.running.pop(record.job_id, None)
            if job:
                self.seconds.setdefault(job.rule, []).append(time.monotonic() - job.started)
        elif record.levelno >= WARNING or event in (LogEvent.ERROR, LogEvent.JOB_ERROR):
            text = self.formatter_of_snakemake.format(record)
            if text and text != "None":
                self._write(f"{text}\n")

    def summary(self) -> str:
        """Return the current line; empty before the plan and after the last job."""
        total = sum(self.counts.values())
        done = sum(len(seconds) for seconds in self.seconds.values())
        if not total or done == total:
            return ""
        jobs = "; ".join(job.line() for job in list(self.running.values()))
        return f"{done}/{total} jobs, {self._left()} | {jobs}"

    def _left(self) -> str:
        left = 0.0
        for rule, count in self.counts.items():
            seconds = self.seconds.get(rule, [])
            if not seconds and rule in CHAIN:
                return "time left not known yet"
            left += (count - len(seconds)) * (sum(seconds) / len(seconds) if seconds else 1)
        minutes, rest = divmod(round(left / self.most_at_once), 60)
        return f"about {minutes} min {rest:02d} s left"

    def _show_regularly(self) -> None:
        while True:
            time.sleep(1 if self.terminal else 15)
            if line := self.summary():
                self._write(line if self.terminal else f"{line}\n")

    def _write(self, text: str) -> None:
        with self.writing:
            if self.terminal:
                width = os.get_terminal_size(sys.stderr.fileno()).columns
                text = f"\r\033[K{text if text.endswith(chr(10)) else text[: width - 1]}"
            sys.stderr.write(text)
            sys.stderr.flush()
