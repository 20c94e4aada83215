"""Any content of config.yaml is accepted, or refused with one message. No other error ends the reading."""

import contextlib
import copy
import datetime
import math
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from collapse.artefacts import ArtefactError
from collapse.corpus.sources import SourceError
from collapse.images.idx import ImageError
from collapse.models.memory import TooLittleMemory
from pipeline import preflight
from pipeline.configuration import ConfigurationError
from pipeline.layout.text_chain import TextChain, source_options
from pipeline.provenance.recorded_jobs import command_options, ends
from tests.project import ROOT, overlay

MINI = overlay(
    yaml.safe_load((ROOT / "config.yaml").read_text()), yaml.safe_load((ROOT / "tests/mini.yaml").read_text())
)
REFUSALS = (ConfigurationError, SourceError, ImageError, ArtefactError, TooLittleMemory)
HOSTILE_WORDS = [
    *("", " ", "a b", "'", '"', "''; touch canary; '", "$(touch canary)", "`touch canary`", "; touch canary"),
    *("| tee canary", "--code", "-n", "{wildcards}", "{config[x]}", "{", "}}", "%s", "*", "~", "..", "../..", "/"),
    *("/dev/zero", "/proc/self/mem", "\n", "a\nb", "a\n", "\t", "\0", "\x1b[2J", "\ud800", "\u202e", "ü", "日本語"),
    *("🦊", "x" * 300, "<script>", "null", "a=b"),
]
HOSTILE_NUMBERS = [0, -1, 1, 2, 3.0, 0.5, -0.0, 1e-320, 1e308, math.nan, math.inf, -math.inf, 2**31, 2**63, 10**400]
DATE = datetime.date(2026, 1, 1)
HOSTILE_OTHERS = [None, True, False, [], {}, [[]], [None], {"": 1}, {1: 2}, {None: None}, DATE, b"\0", {1}]

words = st.sampled_from(HOSTILE_WORDS) | st.text(max_size=8)
leaves = words | st.sampled_from(HOSTILE_NUMBERS) | st.integers() | st.floats() | st.sampled_from(HOSTILE_OTHERS)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=4
)


def places(node: Any, path: tuple = ()) -> list[tuple]:
    """List the places of all values in a configuration."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [*([path] if path else []), *(place for key, value in inner for place in places(value, (*path, key)))]


def at(config: Any, path: tuple) -> Any:
    for key in path:
        config = config[key]
    return config


@st.composite
def configurations(draw) -> dict:
    """Draw the mini experiment after one or two changes: a value, key or element replaced, moved, doubled or lost."""
    config = copy.deepcopy(MINI)
    for _ in range(draw(st.integers(1, 2))):
        known = places(config)
        *path, key = draw(st.sampled_from(known))
        node = at(config, tuple(path))
        change = draw(st.sampled_from(["value", "value", "alike", "word", "lose", "add", "move", "double"]))
        if change == "value":
            node[key] = copy.deepcopy(draw(values))  # a copy: configurations are shared, and reading one changes it
        elif change == "alike" and isinstance(node[key], (int, float)):
            old = node[key]
            node[key] = draw(st.sampled_from([old * 2, -old, float(old), str(old), old * 1000]))
        elif change == "word":
            node[key] = draw(words)
        elif change == "lose":
            del node[key]
        elif change == "add" and isinstance(node, dict):
            node[draw(words)] = copy.deepcopy(draw(values | st.just(node[key])))
        elif change == "double" and isinstance(node, list):
            node.append(copy.deepcopy(node[key]))
        else:
            node[key] = copy.deepcopy(at(config, draw(st.sampled_from(known))))
    return config


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A working directory with the text of the mini experiment."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "tests" / "data").mkdir(parents=True)
    shutil.copytree(ROOT / "tests" / "data", folder / "tests" / "data", dirs_exist_ok=True)
    with contextlib.chdir(folder):
        yield folder


# no shrinking of the first failure, which takes minutes
ONCE = {"derandomize": True, "deadline": None, "database": None, "phases": [Phase.generate]}


@settings(max_examples=1000, suppress_health_check=list(HealthCheck), **ONCE)
@given(config=configurations())
def test_any_configuration_is_accepted_or_refused_by_name(folder, config):
    try:
        preflight.check(config)
    except REFUSALS as error:
        message = str(error).removeprefix("configuration:\n")
        message.encode()
        assert any(key in message for key in MINI) or "a key must be text" in message, message
        assert all(line.isprintable() for line in message.splitlines())
        assert len(message) < 100_000
    else:
        commands(config)


def commands(config: dict) -> None:
    """Make the commands of jobs, and check that a word of the user stays one word for the shell."""
    [*ends(config)]
    if "text" in config["parts"]:
        TextChain(config, "text").summary_options()
        TextChain(config, "text").jobs_shared()
        corpus = config["corpus"]
        options = command_options(source_options(config))
        assert options["text_column"] == corpus["text_column"]


def test_a_folder_whose_name_snakemake_cannot_take(folder):
    place = folder / "a {b}"
    place.mkdir()
    with contextlib.chdir(place), pytest.raises(SourceError, match=r"a \{b\}: braces in the project's path"):
        preflight.check(copy.deepcopy(MINI))


@pytest.mark.parametrize("name", ["folder", "pipe", "device"])
def test_what_is_no_ordinary_file_is_refused(folder, tmp_path, name):
    path = {"folder": tmp_path, "pipe": tmp_path / "pipe", "device": Path("/dev/zero")}[name]
    os.mkfifo(tmp_path / "pipe")
    config = overlay(MINI, {"base_model": {"pretraining": {"files": [str(path)]}}})
    with pytest.raises(SourceError, match=r"a folder, pipe or device, not an ordinary file; check corpus\.folder"):
        preflight.check(copy.deepcopy(config))
