import pytest

from benchmarks.workers import Failure, Turn, Workers, answer


def doubled(turn: Turn, factor: int) -> None:
    answer(turn, lambda number: factor * number)


def test_workers_are_processes_that_answer_and_tell_what_went_wrong():
    with Workers((doubled, (2,)), 2, 1) as workers:
        assert workers([(3,), (4,)])[1] == [6, 8]
        assert workers.peak_memory > 0
        with pytest.raises(Failure, match="TypeError"):
            workers([(1, 2), (3, 4)])
