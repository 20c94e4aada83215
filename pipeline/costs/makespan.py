"""Simulate how long a graph of jobs takes on a number of workers, by list scheduling, as Snakemake starts jobs.

A job starts when the jobs that it waits for are done and as many workers are free as it has threads. If several jobs
could start, the first in the graph does, as in Snakemake, or the job with the longest way to the end.
"""

import heapq
from collections.abc import Hashable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import TypeVar

Job = TypeVar("Job", bound=Hashable)


def longest_ways(parents: Mapping[Job, Sequence[Job]], seconds: Mapping[Job, float]) -> dict[Job, float]:
    """Return, for each job, the seconds from its start to the end of all that waits for it, without lack of workers."""
    after = dict.fromkeys(parents, 0.0)
    ways: dict[Job, float] = {}
    for job in reversed([*TopologicalSorter(parents).static_order()]):
        ways[job] = seconds[job] + after[job]
        for parent in parents[job]:
            after[parent] = max(after[parent], ways[job])
    return ways


def makespan(
    parents: Mapping[Job, Sequence[Job]],
    seconds: Mapping[Job, float],
    workers: int,
    threads: Mapping[Job, int],
    *,
    longest_first: bool = False,
) -> float:
    """Return the seconds from the first start to the last end. A job with more threads than workers takes them all."""
    order = [*parents]
    if longest_first:
        ways = longest_ways(parents, seconds)
        order.sort(key=lambda job: -ways[job])
    rank = {job: number for number, job in enumerate(order)}
    graph = TopologicalSorter(parents)
    graph.prepare()
    ready: list[int] = []  # heap of ranks
    running: list[tuple[float, int]] = []  # heap of ends and ranks
    now, free = 0.0, workers
    while graph.is_active():
        for job in graph.get_ready():
            heapq.heappush(ready, rank[job])
        too_wide = []
        while ready and free:
            first = heapq.heappop(ready)
            wide = min(threads[order[first]], workers)
            if wide > free:
                too_wide.append(first)
                continue
            free -= wide
            heapq.heappush(running, (now + seconds[order[first]], first))
        for job_rank in too_wide:
            heapq.heappush(ready, job_rank)
        now, done = heapq.heappop(running)
        free += min(threads[order[done]], workers)
        graph.done(order[done])
    return now
