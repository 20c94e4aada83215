"""A place in a chain of generations, and the flags of its jobs."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collapse.options import fields


@dataclass(frozen=True)
class Link:
    """One generation of one arm and seed; `root` is the folder of the chain, such as `results/default/text`."""

    root: str
    arm: str
    seed: int
    generation: int

    def __str__(self) -> str:
        """Return the folder of its files."""
        return f"{self.root}/{self.arm}/seed{self.seed}/generation{self.generation}"


Place = Callable[[Any], Link | str | None]  # the folder that a job with these wildcards reads from, if it reads any


def file_of(name: str, place: Place) -> Callable[[Any], str | list[str]]:
    """Input function: the file `name` in the folder that `place` gives for a job; nothing where there is no folder."""

    def path(wildcards: Any) -> str | list[str]:
        folder = place(wildcards)
        return f"{folder}/{name}" if folder else []

    return path


def made_by(**places: Callable[[Any], Link | None]) -> Callable[[Any], str]:
    """Params function: flags naming the arm whose folder holds each shared input, such as `--model-arm replace`."""

    def arms(wildcards: Any) -> str:
        links = {name: place(wildcards) for name, place in places.items()}
        return flags(**{f"{name}_arm": link.arm for name, link in links.items() if link})

    return arms


def declared(options: type, values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of the declared options that change results, in the order of their declaration."""
    names = [field.name for field in fields(options) if field.option.changes_result and field.name in values]
    return {prefix + name: values[name] for name in names}


def flags(**values: Any) -> str:
    """Return one string of named flags, quoted for a shell.

    Snakemake compares parameters as a set of values, so with one parameter for each flag it would miss a swap. None
    leaves a flag out; a list repeats it; a mapping repeats it with key=value; a tuple puts several words behind it.
    """
    parts = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            value = [f"{key}={value[key]}" for key in value]
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                words = item if isinstance(item, tuple) else (item,)
                # with "=", argparse accepts a word that begins with a dash
                joint = "=" if isinstance(item, str) and item.startswith("-") else " "
                parts.append(f"--{name.replace('_', '-')}{joint}{' '.join(shlex.quote(str(word)) for word in words)}")
    return " ".join(parts)
