"""Snakemake's report as a file that depends on the results alone: the same results give the same bytes.

Snakemake's own report holds its date and the duration of each job, and its order of jobs varies. This module removes or
sorts these parts. The durations of jobs are in `results/<experiment>/benchmark/`.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from collapse.artefacts import write_text

SCRIPT = re.compile(r'(<script id="(?P<id>[a-z-]+)">\s*var \w+ = )(?P<json>.*?)(;\s*</script>)', re.DOTALL)
TIMED = ("runtimes", "timeline")


def write(snakemake: Sequence[str], options: Sequence[str], results: Path) -> Path:
    """Make `<results>/report.html` for Snakemake's `options`, and return its path.

    Raises RuntimeError if Snakemake fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "report.html"
        command = [*snakemake, *options, "--report", str(raw)]
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode != 0:
            raise RuntimeError(f"snakemake --report failed; its last lines were:\n{made.stderr[-2000:]}")
        text = reproducible(raw.read_text(encoding="utf-8"))
    path = results / "report.html"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return path


def reproducible(html: str) -> str:
    """Remove times, sort unordered parts, and escape embedded text that would close a script element."""

    def stable(script: re.Match[str]) -> str:
        value = json.loads(script["json"])
        if script["id"] in TIMED:
            value["data"] = {"values": []}
        if script["id"] == "rules":
            for rule in value.values():
                rule.pop("n_jobs", None)  # Snakemake counts by a hash that restored results do not have
        text = json.dumps(value, sort_keys=True).replace("</", "<\\/")
        return f"{script[1]}{text}{script[4]}"

    return SCRIPT.sub(stable, html)
