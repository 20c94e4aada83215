"""The command line of a script, made from a function: each parameter becomes a flag."""

import argparse
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from collapse.options import choices, split
from scripts.shared import job
from scripts.shared.timer import Timer

Main = Callable[..., None]


def command(description: str | None) -> Callable[[Callable[..., None]], Main]:
    """Make a command from a function that reads and writes files itself."""

    def decorate(make: Callable[..., None]) -> Main:
        def main(argv: Sequence[str] | None = None) -> None:
            parser = job.parser(description)
            names = add_flags(parser, make)
            args = parser.parse_args(argv)
            timer = Timer(args.benchmark)
            make(**{name: getattr(args, name) for name in names})
            timer.finish()

        return main

    return decorate


def add_flags(parser: argparse.ArgumentParser, make: Callable[..., Any], files: Container[Any] = ()) -> dict[str, Any]:
    """Add a flag for each parameter of a function; return their types by name.

    A list takes its flag several times, a `Literal` has choices, and a parameter that may be None may be left out. A
    parameter whose type is in `files` takes the path of a file.
    """
    kinds = {name: kind for name, kind in get_type_hints(make).items() if name != "return"}
    for name, kind in kinds.items():
        several = get_origin(kind) is list
        of_one, optional, _ = split(get_args(kind)[0] if several else kind)
        words = choices(of_one)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            required=not optional,
            action="append" if several else "store",
            type=Path if of_one in files else str if words else of_one,
            choices=words,
        )
    return kinds
