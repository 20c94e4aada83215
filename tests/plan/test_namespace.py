"""Snakemake runs .smk files in its own module, so these files must not bind a name that Snakemake uses."""

import builtins
import re

from tests.project import ROOT

SHARED = {"Path", "sys", "json"}  # the same objects on both sides


def test_no_name_of_snakemakes_is_bound():
    import snakemake.cli  # first, as Snakemake itself does
    import snakemake.workflow

    theirs = set(dir(snakemake.workflow)) - set(dir(builtins)) - SHARED
    ours: set[str] = set()
    for path in [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]:
        text = re.sub(r"#.*", "", path.read_text())
        ours |= set(re.findall(r"^(?:def )?(\w+)(?: = |\()", text, re.MULTILINE))
        for line in re.findall(r"^(?:from [\w.]+ )?import (.*)", text, re.MULTILINE):
            ours |= {name.strip() for name in line.split(",")}
    assert not (ours - {"include", "min_version"}) & theirs
