"""Imports point down: workflow, scripts and benchmarks stand on pipeline, and pipeline on collapse."""

import ast
from collections import Counter
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.project import ROOT

HEAVY = {"numpy", "pandas", "torch", "pyarrow", "tokenizers", "transformers"}  # which Snakemake itself does not bring
APART = {"theory", "images"}
COMMON = {"artefacts", "figures", "options", "seeds", "tables"}
LONGEST, FULLEST = 300, 15


def modules(package: str) -> dict[str, Path]:
    """Modules of a package by name."""
    found = sorted((ROOT / package).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in found}


MODULES = modules("collapse") | modules("pipeline") | modules("scripts")


@cache
def imports(module: str, everywhere: bool = True) -> frozenset[str]:
    """Names of the modules that a module imports; those inside functions only where `everywhere`."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(MODULES[module].read_bytes())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in MODULES else node.module)
        if everywhere or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return frozenset(found)


@cache
def heavy(module: str) -> bool:
    """Whether importing a module imports one of the libraries above."""
    names = imports(module, everywhere=False)
    return any(name.split(".")[0] in HEAVY for name in names) or any(heavy(name) for name in names if name in MODULES)


def room(module: str) -> str:
    """`collapse.models.opt` lies in `models`, `collapse.seeds` by itself."""
    return module.split(".")[1]


@pytest.mark.parametrize("package", ["pipeline", "scripts", "workflow", "benchmarks", "tests"])
def test_the_science_knows_nothing_of_what_stands_on_it(package):
    found = {(module, name) for module in modules("collapse") for name in imports(module)}
    assert sorted(one for one in found if one[1].split(".")[0] == package) == []


def test_the_workflows_python_needs_neither_the_scripts_nor_what_snakemake_does_not_bring():
    found = set()
    for module in modules("pipeline"):
        top = {name.split(".")[0] for name in imports(module)}
        found |= {f"{module}: {name}" for name in top & {"scripts", *HEAVY}}
        ours = {name for name in imports(module, everywhere=False) if name.startswith("collapse.") and name in MODULES}
        found |= {f"{module}: {name}" for name in ours if heavy(name)}
    assert sorted(found) == []


def test_a_script_takes_nothing_from_the_workflows_python():
    """Else each edit there would make its results again. scripts/__main__.py starts jobs and computes nothing."""
    found = {module for module in modules("scripts") if any(one.startswith("pipeline") for one in imports(module))}
    assert found == {"scripts.__main__"}


def test_rooms_do_not_import_in_circles():
    arrows: dict[str, set[str]] = {}
    for module in modules("collapse").keys() - {"collapse"}:
        others = {room(name) for name in imports(module) if name in MODULES and name.startswith("collapse.")}
        arrows.setdefault(room(module), set()).update(others - {room(module)})
    TopologicalSorter(arrows).prepare()  # CycleError names a circle
    assert all(arrows[one] <= COMMON for one in APART)
    assert not [one for one, others in arrows.items() if others & APART]


@pytest.mark.parametrize("package", ["collapse", "pipeline", "scripts", "benchmarks"])
def test_files_and_folders_stay_small_enough_to_be_read(package):
    paths = modules(package).values()
    names = {path.relative_to(ROOT).as_posix() for path in paths if len(path.read_text().splitlines()) > LONGEST}
    assert sorted(names) == []
    if package == "collapse":
        folders = Counter(path.parent.relative_to(ROOT) for path in paths if path.name != "__init__.py")
        full = [
            f"{folder}: {count} modules, at most {FULLEST}; merge one family"
            for folder, count in folders.items()
            if count > FULLEST
        ]
        assert full == []
