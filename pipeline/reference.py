"""The reference of the configuration, made from the declared options.

python -m pipeline.reference      writes workflow/schemas/config.schema.json, for editors, and docs/configuration.md
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline.configuration import schema
from pipeline.schema import walk

ROOT = Path(__file__).resolve().parent.parent


def files() -> dict[Path, str]:
    """Return the generated files, by path."""
    defaults = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    return {
        ROOT / "workflow" / "schemas" / "config.schema.json": json.dumps(schema(), indent=1, ensure_ascii=False) + "\n",
        ROOT / "docs" / "configuration.md": page(schema(), defaults),
    }


def page(schema: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """Return the documentation of every key as Markdown: default, allowed values, meaning."""
    lines = [
        "# Configuration",
        "",
        "Every key of `config.yaml`, made from the options that the code declares (`python -m pipeline.reference`).",
        "A name that you choose, such as an arm's, is written `*`.",
        "",
        "| key | default | allowed | meaning |",
        "|---|---|---|---|",
    ]
    for key, node in walk(schema):
        if "properties" not in node:
            default = _default(defaults, key)
            lines.append(f"| `{key}` | {default} | {_cell(allowed(node))} | {_cell(node.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def _default(defaults: Mapping[str, Any], key: str) -> str:
    node: Any = defaults
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return ""
        node = node[part]
    return "" if isinstance(node, Mapping) else f"`{_cell(json.dumps(node, ensure_ascii=False))}`"


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
