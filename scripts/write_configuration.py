"""Keep the resolved configuration beside the results, as YAML and as a page with each key's meaning."""

import html
import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from collapse.artefacts import SCHEMA_VERSION, write_text
from scripts.shared import job
from scripts.shared.page import page


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument(
        "--configuration", type=Path, required=True, help="JSON: configuration; descriptions, by dotted key"
    )
    parser.add_argument("--output", type=Path, required=True, help="YAML")
    parser.add_argument("--page", type=Path, required=True)
    args = parser.parse_args(argv)

    resolved = job.read_json(args.configuration)
    configuration, descriptions = resolved["configuration"], resolved["descriptions"]
    header = f"# The configuration that these results were made with. Results schema: {SCHEMA_VERSION}.\n"
    write_text(args.output, header + yaml.safe_dump(configuration, sort_keys=False, allow_unicode=True))
    rows = [
        f"<tr><td>{html.escape(key)}<td class=text>{html.escape(json.dumps(value, ensure_ascii=False))}"
        f"<td>{html.escape(meaning(key, descriptions))}"
        for key, value in flattened(configuration)
    ]
    table = "<table><tr><th>key<th>value<th>meaning\n" + "\n".join(rows) + "</table>"
    write_text(args.page, page("Configuration", table))


def meaning(key: str, descriptions: dict[str, str]) -> str:
    """A key's description; where the user chose a name, as an arm's, it stands under `*`."""
    parts = key.split(".")
    starred = (".".join([*parts[:place], "*", *parts[place + 1 :]]) for place in range(1, len(parts)))
    return next((descriptions[one] for one in (key, *starred) if one in descriptions), "")


def flattened(value: dict, prefix: str = "") -> list[tuple[str, object]]:
    """Leaves of a nested mapping under their dotted keys, sorted."""
    leaves: list[tuple[str, object]] = []
    for key in sorted(value):
        if isinstance(value[key], dict) and value[key]:
            leaves += flattened(value[key], f"{prefix}{key}.")
        else:
            leaves.append((f"{prefix}{key}", value[key]))
    return leaves
