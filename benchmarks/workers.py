"""Worker processes that each run one engine: they receive jobs through a pipe and sleep between jobs.

An engine is a function `engine(turn, …)` that never returns. `turn(answer)` sends the answer to the last job and
returns the next job. An engine imports its own libraries, so the memory of a worker is the memory of its engine, and
torch starts with the given number of threads.
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
    """A worker raised an error, which the message quotes, or did not answer in time."""


class Workers:
    """Processes of one engine, each with `threads` compute threads."""

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
        """Wait until all workers are ready; return their first answers. Raises Failure if an engine cannot start."""
        self.started = True
        return self._receive(limit=600)

    def __call__(self, jobs: Sequence[Any], limit: float = 3600) -> tuple[float, list[Any]]:
        """Send every worker a job; return the seconds until the last answer, and the answers.

        Raises Failure, and ends all workers, if a worker raises an error or needs more than `limit` seconds.
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
                raise Failure(f"the worker did not answer within {limit:.0f} seconds")
            try:
                answer, self.memory[index] = pipe.recv()
            except EOFError:
                answer = Failure("the worker was killed; perhaps it needed too much memory")
            if isinstance(answer, Failure):
                self.close()
                raise answer
            received.append(answer)
        return received

    @property
    def peak_memory(self) -> int:
        """Peak memory in bytes until the last answer, summed over the workers."""
        return sum(self.memory)

    def close(self, patience: float = 10) -> None:
        """End the workers. Terminates a worker that is busy for longer than `patience` seconds."""
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
    """Answer each job, a tuple of arguments, by a call of `function`. Never returns."""
    job = turn()
    while True:
        job = turn(function(*job))


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def layout(device: str) -> tuple[int, int]:
    """Return the number of processes and of threads in each: a process with one thread a core, or one for a GPU."""
    return (cores(), 1) if device == "cpu" else (1, 1)


def peak_memory() -> int:
    """Return the peak memory of this process in bytes; on a GPU, the peak memory of the GPU."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return int(torch.cuda.max_memory_allocated())
    try:  # not ru_maxrss: on Linux a process inherits that of the one that started it
        return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    except FileNotFoundError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _serve(pipe: Connection, threads: int, engine: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Run an engine in this worker process."""
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
        if not asleep:  # otherwise the pipe was closed, and nobody waits for an answer
            with suppress(BrokenPipeError):
                pipe.send((Failure(traceback.format_exc(limit=-3)), 0))
