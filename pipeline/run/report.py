"""Snakemake's report as a file that depends on the results alone: the same results give the same bytes.

Snakemake writes into its report when it was made and how long each job took, and lists jobs in an order that varies.
Those parts are taken out or sorted; how long jobs took stands in `results/<experiment>/benchmark/`.
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
    """Make `<results>/report.html` for the configuration that `options` name, and return its path."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "report.html"
        command = [*snakemake, *options, "--report", str(raw)]
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode != 0:
            raise RuntimeError(f"snakemake --report failed:\n{made.stderr[-2000:]}")
        text = reproducible(raw.read_text(encoding="utf-8"))
    path = results / "report.html"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return path


def reproducible(html: str) -> str:
    """Take out times, sort what has no order, and keep embedded text from closing a script."""

    def stable(found: re.Match[str]) -> str:
        value = json.loads(found["json"])
        if found["id"] in TIMED:
            value["data"] = {"values": []}
        if found["id"] == "rules":
            for rule in value.values():
                rule.pop("n_jobs", None)  # counted by a hash that restored results do not have
        text = json.dumps(value, sort_keys=True).replace("</", "<\\/")
        return f"{found[1]}{text}{found[4]}"

    return SCRIPT.sub(stable, html)
