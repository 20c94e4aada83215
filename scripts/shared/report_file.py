"""The command of a script that makes one file of the report from tables, and its caption."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from collapse.artefacts import write_text
from scripts.shared import job
from scripts.shared.command import Main, add_flags

READERS: dict[Any, Callable[[Path], Any]] = {pd.DataFrame: pd.read_csv, dict[str, Any]: job.read_json}


def report_file(description: str | None, write: Callable[[Path, Any], None]) -> Callable[[Callable[..., Any]], Main]:
    """Make a command from a function that returns the content of the file and its caption, or None for no caption.

    The parameters of the function become flags: a table is read from a CSV file, a dictionary from a JSON file.
    `--output` names the file, which `write` writes; the caption goes beside it. A parameter `output` receives its path.
    """

    def decorate(make: Callable[..., Any]) -> Main:
        def main(argv: Sequence[str] | None = None) -> None:
            parser = job.parser(description)
            kinds = add_flags(parser, make, files=READERS)
            if "output" not in kinds:
                job.add(parser, Path, "output")
            args = parser.parse_args(argv)
            given = {name: getattr(args, name) for name in kinds}
            read = {name: READERS[kind](given[name]) for name, kind in kinds.items() if kind in READERS}
            content, caption = make(**given | read)
            write(args.output, content)
            if caption:
                write_text(args.output.with_suffix(".rst"), caption)

        return main

    return decorate
