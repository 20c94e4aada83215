"""Snakemake runs .smk files in its own module, so these files must not bind a name that Snakemake uses."""

import builtins
import re
import subprocess
import sys

from tests.project import ROOT

SHARED = {"Path", "hashlib", "json", "sys"}  # the same objects on both sides


def test_no_name_of_snakemakes_is_bound():
    # in a process of its own: in this one a test may have loaded our rules, which binds our names there
    names = "import snakemake.cli, snakemake.workflow; print(*dir(snakemake.workflow))"
    listed = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=True)
    theirs = set(listed.stdout.split()) - set(dir(builtins)) - SHARED
    ours: set[str] = set()
    for path in [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]:
        text = re.sub(r"#.*", "", path.read_text())
        ours |= set(re.findall(r"^(?:def )?(\w+)(?: = |\()", text, re.MULTILINE))
        for line in re.findall(r"^(?:from [\w.]+ )?import (.*)", text, re.MULTILINE):
            ours |= {name.strip() for name in line.split(",")}
    assert not (ours - {"include", "min_version"}) & theirs
