"""Keep the resolved configuration beside the results, as YAML and as a page with each key's meaning."""

import html
import json
from pathlib import Path
from typing import Any

import yaml

from collapse.artefacts import SCHEMA_VERSION, write_text
from scripts.shared import job
from scripts.shared.command import command
from scripts.shared.page import page as html_page


@command(__doc__)
def main(configuration: Path, output: Path, page: Path) -> None:
    resolved = job.read_json(configuration)
    options, descriptions = resolved["configuration"], resolved["descriptions"]
    header = f"# The configuration that these results were made with. Results schema: {SCHEMA_VERSION}.\n"
    write_text(output, header + yaml.safe_dump(options, sort_keys=False, allow_unicode=True))
    rows = [
        f"<tr><td>{html.escape(key)}<td class=text>{html.escape(json.dumps(value, ensure_ascii=False))}"
        f"<td>{html.escape(meaning(key, descriptions))}"
        for key, value in flattened(options)
    ]
    table = "<table><tr><th>key<th>value<th>meaning\n" + "\n".join(rows) + "</table>"
    write_text(page, html_page("Configuration", table))


def meaning(key: str, descriptions: dict[str, str]) -> str:
    """Return the description of a key. Where the user chose a part of the key, such as an arm, `*` stands for it."""
    parts = key.split(".")
    starred = (".".join([*parts[:place], "*", *parts[place + 1 :]]) for place in range(1, len(parts)))
    return next((descriptions[known] for known in (key, *starred) if known in descriptions), "")


def flattened(value: dict[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    """List the values of a nested mapping with their dotted keys, sorted."""
    leaves: list[tuple[str, object]] = []
    for key in sorted(value):
        if isinstance(value[key], dict) and value[key]:
            leaves += flattened(value[key], f"{prefix}{key}.")
        else:
            leaves.append((f"{prefix}{key}", value[key]))
    return leaves
