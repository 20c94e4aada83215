"""The reference of the configuration, made from the declared options.

python -m pipeline.reference      writes workflow/schemas/config.schema.json, for editors, and docs/configuration.md
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.configuration import schema
from pipeline.schema import walk

ROOT = Path(__file__).resolve().parent.parent


def files() -> dict[Path, str]:
    """Return the generated files, by path."""
    return {
        ROOT / "workflow" / "schemas" / "config.schema.json": json.dumps(schema(), indent=1, ensure_ascii=False) + "\n",
        ROOT / "docs" / "configuration.md": page(schema()),
    }


def page(schema: Mapping[str, Any]) -> str:
    """Return the documentation of every key as Markdown: allowed values and meaning."""
    lines = [
        "# Configuration",
        "",
        "Every key of `config.yaml`, made from the options that the code declares (`python -m pipeline.reference`).",
        "The defaults stand in `config.yaml` itself. A name that you choose, such as an arm's, is written `*`.",
        "",
        "| key | allowed | meaning |",
        "|---|---|---|",
    ]
    for key, node in walk(schema):
        if "properties" not in node:
            lines.append(f"| `{key}` | {_cell(allowed(node))} | {_cell(node.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def allowed(node: Mapping[str, Any]) -> str:
    """Return the allowed values of a key in a few words."""
    if "enum" in node:
        return ", ".join("null" if word is None else str(word) for word in node["enum"])
    kinds = node.get("type", "any")
    text = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if text == "array":
        return f"list of: {allowed(node['items'])}" if "items" in node else "list"
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {node[word]:,}" for word, sign in signs.items() if word in node]
    return ", ".join([text, *bounds])


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
