"""Memory, open files and time of a long run, over many generations of a small chain.

    python -m benchmarks.soak [--generations 200] [--json FILE]

Runs the text of the mini experiment in a clean clone, with one arm and one seed. Every second it measures the Snakemake
process and the warm-start server. It prints results for the start (a twentieth of the generations), the middle and the
end of the chain: resident megabytes and open files of both processes, and the wall seconds and Snakemake's processor
seconds of a generation, averaged over a tenth of the chain. It also lists the files and processes that are left at the
end. Needs Linux.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generations", type=int, default=200)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project, scratch = Path(folder) / "project", Path(folder) / "scratch"
        scratch.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(project)], check=True)
        text: dict[str, Any] = {"generations": args.generations, "seeds": [1], "arms": ["replace"]}
        text["finetune"] = pretraining = {"checkpoint_minutes": 10}
        configuration = {"parts": ["text"], "text": text, "base_model": {"pretraining": pretraining}}
        (project / "soak.yaml").write_text(yaml.safe_dump(configuration))
        command = [sys.executable, "-m", "pipeline.run", "--configfile", "tests/mini.yaml", "soak.yaml"]
        run = subprocess.Popen(command, cwd=project, env=os.environ | {"TMPDIR": str(scratch)})
        samples = watch(run, project, args.generations)
        result = {
            "status": run.returncode,
            **{
                name: at(samples, args.generations, share)
                for name, share in (("start", 0.05), ("middle", 0.5), ("end", 1))
            },
            "temporary_files_left": sorted(path.name for path in scratch.iterdir()),
            "partial_files_left": len([*(project / "results").rglob(".*.part")]),
            "processes_left": len([*processes(project)]),
        }
    printed = json.dumps(result, indent=1)
    print(printed)
    if args.json:
        args.json.write_text(printed + "\n")


def watch(run: subprocess.Popen[bytes], project: Path, generations: int) -> list[dict[str, Any]]:
    """Sample, once a second, the number of finished generations and the state of both processes."""
    samples: list[dict[str, Any]] = []
    done = 0
    while run.poll() is None:
        place = project / "results/mini/text/replace/seed1"
        while done < generations and (place / f"generation{done}" / "manifest.json").exists():
            done += 1
        state = dict(processes(project))
        if done and len(state) == 2 and (not samples or samples[-1]["generations"] < generations):
            samples.append({"time": time.monotonic(), "generations": done, **state})
        time.sleep(1)
    return samples


def processes(project: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and state of a project's main Snakemake process and of its warm-start server."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().decode().split("\0")
            if (path / "cwd").readlink() != project:
                continue
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            name = (
                "snakemake"
                if command[1:3] == ["-m", "snakemake"]
                else "warm start"
                if "warm_start.py" in command[1]
                else ""
            )
            # jobs have the command line of the server, but Snakemake is not their parent
            parent = (Path("/proc") / fields[1] / "cmdline").read_bytes().decode().split("\0")
            if (name == "snakemake" and "pipeline.run" in parent) or (name == "warm start" and "snakemake" in parent):
                yield (
                    name,
                    {
                        "megabytes": round(
                            int((path / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6, 1
                        ),
                        "open_files": len([*(path / "fd").iterdir()]),
                        "processor_seconds": (int(fields[11]) + int(fields[12])) / TICKS,
                    },
                )
        except (OSError, IndexError, ValueError):
            continue


def at(samples: list[dict[str, Any]], generations: int, share: float) -> dict[str, Any]:
    """Return the state at `share` of the generations, and the seconds of a generation in the tenth before it."""
    now = next(one for one in samples if one["generations"] >= share * generations)
    before = next(one for one in samples if one["generations"] >= max(1, now["generations"] - generations / 10))
    passed = max(1, now["generations"] - before["generations"])
    spent = now["snakemake"]["processor_seconds"] - before["snakemake"]["processor_seconds"]
    return {
        "generations": now["generations"],
        **{
            name.replace(" ", "_"): {key: now[name][key] for key in ("megabytes", "open_files")}
            for name in ("snakemake", "warm start")
        },
        "snakemake_seconds_a_generation": round(spent / passed, 3),
        "wall_seconds_a_generation": round((now["time"] - before["time"]) / passed, 2),
    }


if __name__ == "__main__":
    main()
