"""Processes that each run one engine and nothing else: told through a pipe what to do, asleep in between.

An engine is a function `engine(turn, …)` that never returns: `turn(answer)` hands over the answer to the last job and
returns the next. It imports by itself what it needs, so that a worker's memory is its engine's, and torch starts with
as many threads as it was given.
"""

import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

Turn = Callable[..., Any]
Engine = tuple[Callable[..., None], tuple[Any, ...]]  # the function, and its arguments after `turn`


class Failure(RuntimeError):
    """What a worker raised, as text, or that it gave no answer in time."""


class Workers:
    """So many processes of one engine, each with so many compute threads."""

    def __init__(self, engine: Engine, processes: int, threads: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipes: list[Connection] = []
        self.processes = []
        self.memory = [0] * processes
        self.started = False
        for _ in range(processes):
            pipe, theirs = spawn.Pipe()
            process = spawn.Process(target=_serve, args=(theirs, threads, *engine), daemon=True)
            process.start()
            theirs.close()
            self.pipes.append(pipe)
            self.processes.append(process)

    def start(self) -> list[Any]:
        """Wait until all are ready; what they handed over before they had a job. Failure if an engine cannot start."""
        self.started = True
        return self._receive(limit=600)

    def __call__(self, jobs: Sequence[Any], limit: float = 3600) -> tuple[float, list[Any]]:
        """Give every worker its job: seconds until the last has answered, and the answers.

        Failure if a worker raised something or takes more than `limit` seconds; all of them are ended then.
        """
        if not self.started:
            self.start()
        started = time.perf_counter()
        for pipe, job in zip(self.pipes, jobs, strict=True):
            pipe.send(job)
        received = self._receive(limit)
        return time.perf_counter() - started, received

    def _receive(self, limit: float) -> list[Any]:
        deadline = time.perf_counter() + limit
        received = []
        for index, pipe in enumerate(self.pipes):
            if not pipe.poll(max(0, deadline - time.perf_counter())):
                self.close(patience=0)
                raise Failure(f"no answer in {limit:.0f} seconds")
            try:
                answer, self.memory[index] = pipe.recv()
            except EOFError:
                answer = Failure("the process was ended, perhaps for want of memory")
            if isinstance(answer, Failure):
                self.close()
                raise answer
            received.append(answer)
        return received

    @property
    def peak_memory(self) -> int:
        """Bytes, summed over the workers, until their last answer."""
        return sum(self.memory)

    def close(self, patience: float = 10) -> None:
        """End the workers; one that is busy for longer than `patience` seconds is ended by force."""
        for pipe in self.pipes:
            pipe.close()
        for process in self.processes:
            process.join(patience)
            process.terminate()
            process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def answer(turn: Turn, function: Callable[..., Any]) -> None:
    """The life of an engine that answers each job, a tuple of arguments, by a call."""
    job = turn()
    while True:
        job = turn(function(*job))


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def layout(device: str) -> tuple[int, int]:
    """Processes and threads of each where work can be split: one process a core with one thread, or one for a GPU."""
    return (cores(), 1) if device == "cpu" else (1, 1)


def peak_memory() -> int:
    """The most memory that this process has held at any time, in bytes: of its GPU if it uses one."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return int(torch.cuda.max_memory_allocated())
    try:  # not ru_maxrss: on Linux a process inherits that of the one that started it
        return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    except FileNotFoundError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _serve(pipe: Connection, threads: int, engine: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """A worker's whole life."""
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read when torch is imported, which it has not been yet
    asleep = False

    def turn(answer: Any = None) -> Any:
        nonlocal asleep
        pipe.send((answer, peak_memory()))
        asleep = True
        job = pipe.recv()
        asleep = False
        return job

    try:
        engine(turn, *arguments)
    except Exception:
        if not asleep:  # otherwise the pipe was closed: nobody wants an answer any more
            with suppress(BrokenPipeError):
                pipe.send((Failure(traceback.format_exc(limit=-3)), 0))
