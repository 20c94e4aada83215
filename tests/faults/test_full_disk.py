"""Every job on a full disk gives one message and no half-written file, and later the same bytes."""

import contextlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator

import pytest

from tests.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")]
CHAINS = [(arm, seed) for arm in ("replace", "preserve_10pct") for seed in (1, 2)]
FROM = {  # files of a link to remove so that a rule runs next
    "mix": ("training", "model", "synthetic", "scores", "metrics.json", "manifest.json"),
    "finetune": ("model", "synthetic", "scores", "metrics.json", "manifest.json"),
    "generate": ("synthetic", "scores", "metrics.json", "manifest.json"),
    "evaluate": ("scores", "metrics.json", "manifest.json"),
}


@pytest.fixture
def project(golden, tmp_path):
    """The finished mini experiment with its results on a separate file system."""
    project = golden.copy(tmp_path / "project")
    results = project.results.rename(tmp_path / "results")
    project.results.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(project.results)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs here: {mounted.stderr.decode()}")
    shutil.copytree(results, project.results, dirs_exist_ok=True)
    yield project
    subprocess.run(["umount", str(project.results)], check=True)


def remove(*paths) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextlib.contextmanager
def full(project: Project) -> Iterator[None]:
    """Fill the file system of the results once a job starts, and again when a file there is removed.

    A run whose disk is full at its start is refused before any job. Jobs wait some seconds for their warm start.
    """
    filler = project.results / "filler"
    over = threading.Event()

    def fill() -> None:
        with open(filler, "ab", buffering=0) as file:
            while not over.wait(0.01):
                if not (project.folder / "logs").exists():
                    continue
                with contextlib.suppress(OSError):
                    while not over.is_set():
                        file.write(bytes(1 << 12))

    thread = threading.Thread(target=fill)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        filler.unlink()


def run_on_a_full_disk(project: Project) -> dict[str, str]:
    """Run on a full disk; return the error of each rule's job."""
    shutil.rmtree(project.folder / "logs")
    with full(project):
        printed = project.run("--cores", "2", check=False)
    assert not [*project.results.rglob("*.part")]
    errors = {}
    for path in (project.folder / "logs").rglob("*.log"):
        text = path.read_text()
        assert "Traceback" not in text, text
        if "error: " in text:
            rule = path.relative_to(project.folder / "logs" / "mini").parts[0].removesuffix(".log")
            errors[rule] = text
            assert re.search(
                r"error: \S+: no space left on the disk \(0\.0 MB free\); free some space, then run again", text
            ), text
            assert text.splitlines()[-1] in printed
    return errors


def test_every_rule_meets_a_full_disk(project, golden):
    remove(project.results / "report.html", *project.results.glob("figures/*"))
    plots = run_on_a_full_disk(project)
    assert {"plot_perplexity", "plot_tails", "table_continuations", "plot_gaussian", "animate_mixture"} <= {*plots}

    for rule, (arm, seed) in zip(FROM, CHAINS, strict=True):
        link = project.results / "text" / arm / f"seed{seed}" / "generation2"
        remove(*(path for name in FROM[rule] for path in link.glob(f"{name}*")))
    remove(*(project.results / "corpus").glob("validation*"), project.results / "three_errors")
    remove(*(project.results / "vae" / "finite_bernoulli").glob("seed1/generation2"))
    chain = run_on_a_full_disk(project)
    assert {*FROM, "prepare_corpus", "train_vae", "simulate_three_errors"} <= {*chain}

    remove(*project.results.iterdir())
    begin = run_on_a_full_disk(project)
    assert {"prepare_pretraining", "simulate_gaussian", "simulate_mixture", "prepare_images"} <= {*begin}

    project.run("--cores", "2")
    assert project.bytes() == golden.bytes()


def test_the_report_and_the_summary_meet_a_full_disk(project, golden):
    remove(project.results / "report.html", *(project.results / "text").glob("*.csv"))
    assert "summarize" in run_on_a_full_disk(project)
    project.snakemake("--cores", "2")
    with full(project):
        assert re.search(r"error: results/mini/\S+: no space left", project.run(check=False))
    assert not [*project.results.rglob("*.part")]
    project.run()
    assert project.bytes() == golden.bytes()
