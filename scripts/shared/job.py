"""What every job does alike: arguments, and errors that a person can act on."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def parser(description: str | None) -> argparse.ArgumentParser:
    """Arguments that every script takes."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    made.add_argument("--code", required=True, help="hash of the source that this job runs, for the manifest")
    made.add_argument("--benchmark", type=Path, help="where to write this job's timings")
    return made


def add_place(made: argparse.ArgumentParser) -> None:
    """Arguments that say which link of which chain this is."""
    add(made, str, "arm")
    add(made, int, "seed", "generation")


def add(parser: argparse.ArgumentParser, kind: Callable[[str], Any], *names: str, **described: str) -> None:
    """Add a required flag for each name; `described` are further names with their help."""
    for name, description in (dict.fromkeys(names) | described).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, required=True, help=description)


def add_owners(made: argparse.ArgumentParser, *kinds: str) -> None:
    """Arguments that say whose training set, model or text a link takes, where another arm has made the same before."""
    for kind in kinds:
        made.add_argument(f"--{kind}-arm", help=f"the arm in whose folder the {kind} lies; this one's if left out")


def place(args: argparse.Namespace, kind: str | None = None) -> dict[str, str | int]:
    """Where a link lies, as manifests state it, or where it takes its training set, model or text from."""
    owner = getattr(args, f"{kind}_arm") if kind else None
    return {"arm": owner or args.arm, "seed": args.seed, "generation": args.generation}


def pairs(values: Sequence[str]) -> dict[str, str]:
    """`["train=a.txt", "test=b.txt"]` as a dictionary."""
    return dict(value.split("=", 1) for value in values)


def arm_name(arm: str) -> str:
    """An arm as a reader sees it."""
    return arm.replace("_", " ").replace("pct", "%")


def read_json(path: Path) -> dict:
    return json.loads(Path(path).read_text())


def run(main: Callable[[], Any]) -> None:
    """Run a script's main; a foreseen failure ends in its message alone, anything else in a traceback."""
    try:
        main()
    except (ValueError, FileNotFoundError, FloatingPointError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
