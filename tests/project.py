"""A working copy of the project for one test, in its own folder, with the mini experiment as its config.yaml."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "DVC_NO_ANALYTICS": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
# a command in front of which root's files are as read-only as another user's
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-all"] if os.geteuid() == 0 else []
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TARGETS = ("all", "text", "side", "figures")  # rules without commands
LINK = "text/replace/seed1/generation"
CHAIN = ("mix", "finetune", "generate", "evaluate")
TEXT_FIGURES = re.findall(
    r"^(?:use )?rule (?:\w+ as )?(\w+)", (ROOT / "workflow/rules/text_figures.smk").read_text(), re.M
)
DRAWN = dict.fromkeys((*TEXT_FIGURES, "summarize", "compare_arms", "judge_arms"), 1)


def overlay(base: dict, over: dict) -> dict:
    """Merge `over` into `base` key by key, as Snakemake does with --configfile."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = overlay(merged[key], value) if both else value
    return merged


def heed_signals() -> None:
    """Restore signals in a child process: a background script, or nohup, makes its processes ignore them."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def processes(folder: Path) -> dict[int, list[str]]:
    """Return the command of each process that runs in `folder`, by its id."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            if (path / "cwd").readlink() == folder:
                found[int(path.name)] = (path / "cmdline").read_bytes().decode().split("\0")
    return found


def wait_until(condition: Callable[[], object], seconds: float = 900) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def rendered(page: Path, folder: Path) -> str:
    """Return what a browser, with its state in `folder`, makes of a page, without scripts."""
    options = [
        *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", "--disable-quic", "--virtual-time-budget=10000"),
    ]
    command = [str(CHROMIUM), *options, f"--user-data-dir={folder}", "--dump-dom", page.as_uri()]
    home = os.environ | {"HOME": str(folder)}
    dom = subprocess.check_output(command, stderr=subprocess.DEVNULL, text=True, timeout=300, env=home)
    return re.sub(r"<script.*?</script>", "", dom, flags=re.DOTALL)


class Project:
    """A copy of the repository whose config.yaml is the mini experiment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, folder: Path) -> "Project":
        """Copy the files that git tracks or would track, without results."""
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.check_output(command, cwd=ROOT, text=True).splitlines():
            if (ROOT / name).is_file() and name != "dvc.lock":
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        project = cls(folder)
        project.configure(yaml.safe_load((ROOT / "tests" / "mini.yaml").read_text()))
        return project

    def copy(self, folder: Path) -> "Project":
        """Copy the project with results, times and Snakemake's state."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)

    def configure(self, over: dict) -> None:
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump(overlay(yaml.safe_load(path.read_text()), over), sort_keys=False))

    @property
    def results(self) -> Path:
        return self.folder / "results" / "mini"

    def command(self, *command: str, check: bool = True) -> str:
        """Run a command here and return its output. Fails the test, with the output, if the command fails."""
        status, text = self.outcome(*command)
        assert not check or status == 0, text
        return text

    def outcome(self, *command: str) -> tuple[int, str]:
        """Run a command here; return its exit status and output."""
        done = subprocess.run(
            command, cwd=self.folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return done.returncode, done.stdout

    def start(self, module: str, *options: str, output=subprocess.DEVNULL, environment=ENVIRONMENT) -> subprocess.Popen:
        """Start a run in its own process group, which obeys signals wherever the tests run."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *options], cwd=self.folder, env=environment, stdout=output, stderr=output,
            start_new_session=True, preexec_fn=heed_signals,
        )  # fmt: skip

    def snakemake(self, *options: str, check: bool = True) -> str:
        return self.command(sys.executable, "-m", "snakemake", *options, check=check)

    def run(self, *options: str, check: bool = True) -> str:
        return self.command(sys.executable, "-m", "pipeline.run", *options, check=check)

    def dvc(self, *options: str) -> str:
        return self.command(sys.executable, "-m", "dvc", *options)

    def record(self) -> None:
        """Put finished results under git and DVC. DVC adopts the results of Snakemake without a new run."""
        self.command("git", "init", "--quiet", "--initial-branch=main")
        self.dvc("repro")
        assert self.executed() == {}
        self.commit("results")

    def job(self, output: str) -> tuple[str, str]:
        """Return script and options of the recorded job that made a result. What the job writes goes to `out`."""
        records = json.loads((self.results / Path(output).parts[0] / "provenance.json").read_text())
        command = records[f"results/mini/{output}"]["shellcmd"].split(" 2> ")[0].removeprefix("python -m scripts ")
        written = r"--(output|manifest|scores|metrics|trajectory|theory|benchmark|checkpoint) \S+"
        script, options = re.sub(written, r"--\1 out/\1", command).split(" ", 1)
        return script, options

    def commit(self, message: str) -> None:
        self.command("git", "add", ".")
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        self.command("git", *identity, "commit", "--quiet", "--message", message)

    def clone(self, folder: Path) -> "Project":
        """Make a new clone without results and without a cache."""
        self.command("git", "clone", "--quiet", str(self.folder), str(folder))
        return Project(folder)

    def restore(self) -> str:
        """Run `make restore` with the packages of the tests' environment."""
        return self.command("make", "restore", "--assume-old=.venv/run")

    def plan(self, *options: str) -> Counter:
        """Count the jobs of each rule that a run would start now."""
        return Counter(rule for rule, _ in self.planned(*options))

    def planned(self, *options: str) -> list[tuple[str, str]]:
        """List rule and wildcards of each job that a run would start now."""
        text = self.snakemake("--dry-run", "--cores", "1", *options)
        # a dry run prints jobs of one group together, indented
        jobs = re.findall(r"^ *(?:local)?rule (\w+):\n((?: ++(?!(?:local)?rule |\[).*\n)*)", text, re.MULTILINE)
        found = [(rule, "".join(re.findall(r"wildcards: (.*)", body))) for rule, body in jobs]
        return [job for job in found if job[0] not in TARGETS]

    def executed(self) -> Counter:
        """Count the finished jobs of each rule in Snakemake's log, and delete the log."""
        logs = sorted((self.folder / ".snakemake" / "log").glob("*.log"))
        counts: Counter = Counter()
        for log in logs:
            counts.update(re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", log.read_text()))
            log.unlink()
        return Counter({rule: count for rule, count in counts.items() if rule not in TARGETS})

    def bytes(self) -> dict[str, bytes]:
        """Return all results except timings."""
        return {
            path.relative_to(self.results).as_posix(): path.read_bytes()
            for path in sorted(self.results.rglob("*"))
            if path.is_file() and "benchmark" not in path.relative_to(self.results).parts
        }
