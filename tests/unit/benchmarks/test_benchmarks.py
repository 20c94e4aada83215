"""Every benchmark runs to its end on a model of a few weights. How fast that was is looked at by no test.

Workers are threads of this process, so that torch is imported once. tests/run has the benchmarks of whole runs.
"""

import json
import math
import multiprocessing
import os
import sys
import threading
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.pool import ThreadPool
from types import SimpleNamespace

import pytest

from benchmarks import chain, finetuning, generation, memory, mixture, parity, sampling, scoring, side_by_side
from collapse.models.memory import Shape
from tests.project import ROOT

TINY = Shape(vocabulary_size=300, layers=1, width=16, heads=2, positions=256)
ENGINES = {"ours", "transformers"}


class WorkerThread(threading.Thread):
    """A process of `multiprocessing`, as a thread that has a handle of its own on its end of the pipe."""

    def __init__(self, target, args, daemon) -> None:
        super().__init__(daemon=daemon)
        self.serve, (pipe, *self.others) = target, args
        self.pipe = Connection(os.dup(pipe.fileno()))
        self.ready = threading.Event()

    def start(self) -> None:
        """Begin, and wait for the first message: transformers cannot load two models at once."""
        super().start()
        self.ready.wait(60)

    def run(self) -> None:
        with self.pipe:
            self.serve(self, *self.others)

    def send(self, message) -> None:
        self.ready.set()
        self.pipe.send(message)

    def recv(self):
        return self.pipe.recv()

    def terminate(self) -> None:
        """End by itself, once its pipe is closed."""


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A machine of one core, one tiny model, and threads for processes."""
    threads = SimpleNamespace(Pipe=multiprocessing.Pipe, Process=WorkerThread, Pool=ThreadPool)
    monkeypatch.setattr(multiprocessing, "get_context", lambda method: threads)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # put back after the workers have set it
    monkeypatch.delitem(side_by_side.MODELS, "opt-125m")
    monkeypatch.setitem(side_by_side.MODELS, "small", TINY)
    monkeypatch.setitem(side_by_side.PRODUCTS, "cpu", [(8, 8, 8)])
    monkeypatch.setattr(side_by_side, "COPIED", 64)
    monkeypatch.setattr(side_by_side, "SHORT_SECONDS", 0.001)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a benchmark and return what it has written."""

    def one(module, *options: str) -> dict:
        monkeypatch.setattr(sys, "argv", [module.__name__, *options, "--json", str(tmp_path / "found.json")])
        module.main()
        return json.loads((tmp_path / "found.json").read_text())

    return one


@pytest.fixture
def few_words(monkeypatch):
    """A text of this repository for that of Python's documentation, which takes long to read."""
    words = (ROOT / "tests" / "data" / "pretraining.txt").read_text().splitlines()
    monkeypatch.setattr(parity, "stdlib_docstrings", lambda: 30 * words)
    monkeypatch.setattr(parity, "pydoc_topics", lambda **shares: {"train": words})


def positive(rows: list[dict], *names: str) -> bool:
    return bool(rows) and all(math.isfinite(one[name]) and one[name] > 0 for one in rows for name in names)


@pytest.mark.parametrize("module", [generation, finetuning, scoring, chain], ids=lambda module: module.__name__)
def test_a_comparison_of_engines_ends_with_a_rate_for_each(run, module):
    text = ["--text", str(ROOT / "tests/data/pretraining.txt")] if module is chain else []
    rows = run(module, "--short", "--device", "cpu", *text)["rows"]
    assert {one["engine"] for one in rows} >= ENGINES
    assert positive(rows, "tokens_per_second", "ratio_median", "peak_memory_bytes")


def test_both_engines_write_and_score_alike(run, few_words):
    rows = run(parity, "--short")["rows"]
    assert all(one["identical_blocks"] == one["blocks"] for one in rows if one["precision"] == "float32")


def test_memory_is_measured_and_estimated(run):
    rows = run(memory, "--short", "--device", "cpu")["rows"]
    assert {one["work"] for one in rows} == set(memory.SIZES)
    assert positive(rows, "peak_memory_bytes", "estimated_bytes")


def test_fits_are_timed_beside_those_of_scikit_learn(run):
    assert positive(run(mixture, "--short")["rows"], "milliseconds_a_fit", "ours_milliseconds_a_fit", "ratio_median")


def test_samples_are_counted_for_every_kind_of_chain(run, monkeypatch):
    monkeypatch.setattr(sampling, "CHAINS", 20)
    rows = run(sampling, "--short")["rows"]
    assert positive(rows, "samples_per_second_and_core")
    assert len({one["case"] for one in rows}) == len(rows) == 3 * 2 + 3 * 2 * len(sampling.gaussian.DRAWS)


def test_a_large_experiment_is_simulated_and_drawn(tmp_path, monkeypatch, capsys):
    makespan = import_module("benchmarks.makespan")
    few = {"text": makespan.TWENTY_ARMS["text"] | {"generations": 2, "seeds": [1]}}
    monkeypatch.setattr(makespan, "TWENTY_ARMS", makespan.TWENTY_ARMS | few)
    monkeypatch.setattr(sys, "argv", ["makespan", "--figure", str(tmp_path / "figure.svg")])
    makespan.main()
    assert "OPT-125m" in capsys.readouterr().out
    assert (tmp_path / "figure.svg").stat().st_size and (tmp_path / "figure.png").stat().st_size
