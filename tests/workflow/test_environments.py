"""One source of pins: the environments of --use-conda hold the versions of the lock."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda path: path.stem)
def test_pins_agree_with_the_lock(path):
    lock = set(re.findall(r"^([a-z0-9-]+==[^ ;\n]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    pins = next(one["pip"] for one in yaml.safe_load(path.read_text())["dependencies"] if isinstance(one, dict))
    assert [pin for pin in pins if pin not in lock] == []


def test_drawing_needs_no_torch():
    assert "torch" not in (ROOT / "envs" / "report.yaml").read_text().split("dependencies")[1]
