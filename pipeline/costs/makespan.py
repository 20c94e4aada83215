"""How long a graph of jobs takes on so many workers: simulated by list scheduling, as Snakemake starts jobs.

A job starts as soon as all that it waits for is done and as many workers are free as it has threads; of several that
could start, the one from which the longest way to the end begins, or, as Snakemake has it, whichever comes first.
"""

import heapq
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Job = TypeVar("Job", bound=Hashable)


def longest_ways(parents: Mapping[Job, Sequence[Job]], seconds: Mapping[Job, float]) -> dict[Job, float]:
    """Of each job, seconds from its start to the end of the last that waits for it, with workers for all."""
    children: dict[Job, list[Job]] = {job: [] for job in parents}
    for job, before in parents.items():
        for parent in before:
            children[parent].append(job)
    waiting = {job: len(after) for job, after in children.items()}
    found: dict[Job, float] = {}
    ready = [job for job, count in waiting.items() if count == 0]
    while ready:
        job = ready.pop()
        found[job] = seconds[job] + max((found[child] for child in children[job]), default=0.0)
        for parent in parents[job]:
            waiting[parent] -= 1
            if waiting[parent] == 0:
                ready.append(parent)
    return found


def makespan(
    parents: Mapping[Job, Sequence[Job]],
    seconds: Mapping[Job, float],
    workers: int,
    threads: Mapping[Job, int],
    *,
    longest_first: bool = False,
) -> float:
    """Seconds from the first job's start to the last one's end; a job of more threads than workers takes them all."""
    rank = {job: number for number, job in enumerate(parents)}
    if longest_first:
        ways = longest_ways(parents, seconds)
        rank = {job: number for number, job in enumerate(sorted(parents, key=lambda job: -ways[job]))}
    children: dict[Job, list[Job]] = {job: [] for job in parents}
    waiting = {job: len(before) for job, before in parents.items()}
    for job, before in parents.items():
        for parent in before:
            children[parent].append(job)
    ready = [(rank[job], number, job) for number, (job, count) in enumerate(waiting.items()) if count == 0]
    heapq.heapify(ready)
    running: list[tuple[float, int, Job]] = []
    now, free, order = 0.0, workers, len(parents)
    while ready or running:
        held = []
        while ready and free:
            first = heapq.heappop(ready)
            wide = min(threads[first[2]], workers)
            if wide > free:
                held.append(first)
                continue
            free -= wide
            heapq.heappush(running, (now + seconds[first[2]], first[1], first[2]))
        for one in held:
            heapq.heappush(ready, one)
        now, _, done = heapq.heappop(running)
        free += min(threads[done], workers)
        for child in children[done]:
            waiting[child] -= 1
            if waiting[child] == 0:
                order += 1
                heapq.heappush(ready, (rank[child], order, child))
    return now
