"""Resolve each `requirements/*.in` into the pinned `.txt` beside it, which environments are made from (needs uv).

One lock serves every Python from 3.11 on and every platform. torch's own CUDA packages are left out: torch names them
exactly, a machine that takes the CUDA build gets them with it, and one that takes the CPU build does not.
"""

import re
import subprocess
import sys
from pathlib import Path

LEFT_OUT = re.compile(r"^(cuda-|nvidia-|triton)")


def resolve(source: str, target: str) -> None:
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    text = subprocess.run(
        [*command, "--no-header", "--no-annotate", source], check=True, capture_output=True, text=True
    )
    lines = dict.fromkeys(
        "torch==2.13.0" if line.startswith("torch==") else line
        for line in text.stdout.splitlines()
        if line and not LEFT_OUT.match(line)
    )
    header = f"# Resolved from {source} by `make lock`; every package at one version.\n"
    Path(target).write_text(header + "\n".join(lines) + "\n")


if __name__ == "__main__":
    for name in ("run", "test", "cluster", "remotes"):
        resolve(f"requirements/{name}.in", f"requirements/{name}.txt")
