"""Common parts of all jobs: arguments, and errors that a person can act on."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def parser(description: str | None) -> argparse.ArgumentParser:
    """Make a parser with the flags that every script takes."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    made.add_argument("--code", required=True, help="hash of the source that this job runs, for the manifest")
    made.add_argument("--benchmark", type=Path, help="file for the timings of this job")
    return made


def add_place(made: argparse.ArgumentParser) -> None:
    """Add the flags that name a link of a chain."""
    add(made, str, "arm")
    add(made, int, "seed", "generation")


def add(parser: argparse.ArgumentParser, kind: Callable[[str], Any], *names: str, **described: str) -> None:
    """Add a required flag for each name; `described` are further names with their help."""
    for name, description in (dict.fromkeys(names) | described).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, required=True, help=description)


def add_source_arms(made: argparse.ArgumentParser, *kinds: str) -> None:
    """Add flags naming the arm whose folder holds each shared input."""
    for kind in kinds:
        made.add_argument(f"--{kind}-arm", help=f"the arm whose folder holds the {kind}; without it, this arm")


def place(args: argparse.Namespace, kind: str | None = None) -> dict[str, str | int]:
    """Name the place of a link in manifests; with `kind`, the place of its shared input of this kind."""
    source = getattr(args, f"{kind}_arm") if kind else None
    return {"arm": source or args.arm, "seed": args.seed, "generation": args.generation}


def pairs(values: Sequence[str]) -> dict[str, str]:
    """Turn `["train=a.txt", "test=b.txt"]` into a dictionary."""
    return dict(value.split("=", 1) for value in values)


def arm_name(arm: str) -> str:
    """Write the name of an arm for readers."""
    return arm.replace("_", " ").replace("pct", "%")


def read_json(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(Path(path).read_text())
    return value


def run(main: Callable[[], Any]) -> None:
    """Run a script's main. An expected failure prints only its message; every other failure prints a traceback."""
    try:
        main()
    except (ValueError, FileNotFoundError, FloatingPointError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
