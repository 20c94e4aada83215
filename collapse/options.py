"""Declare an option once: its type, bounds and meaning. Everything that needs to know an option reads its declaration.

An option is a field of a frozen dataclass that `option` declares. The configuration's schema, the flags of a job, the
command line of a script and the documentation are made from these fields. Nothing here imports numpy or torch.
"""

import functools
import types
import typing
from dataclasses import MISSING, dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

Precision = Literal["float32", "bfloat16"]
Device = Literal["cpu", "cuda"]
NAME = "^[A-Za-z0-9][A-Za-z0-9_-]*$"  # letters, digits, _ and -
COMMIT = "^[0-9a-f]{40}$"


@dataclass(frozen=True)
class Option:
    """What is true of an option's values besides their type.

    `minimum` and `maximum` are allowed values, `above` and `below` are not. `arm`: an arm may change the option.
    `changes_result`: False if results do not depend on the option. `keys` is the pattern of the names in a dictionary.
    """

    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    pattern: str | None = None
    keys: str | None = None
    fewest: int = 0  # entries of a list or dictionary, characters of a text
    longest: int | None = None  # characters of a text
    arm: bool = False
    changes_result: bool = True


def option(description: str, *, default: Any = MISSING, **rest: Any) -> Any:
    """Declare a field of a dataclass; `rest` goes to `Option`. With a default, the key may be left out."""
    return field(default=default, metadata={"option": Option(description, **rest)})


Seed = Annotated[int, Option(minimum=0)]


@dataclass(frozen=True)
class Field:
    """An option as it is declared: `kind` is its type without `None`, `optional` whether `None` is allowed."""

    name: str
    kind: Any
    optional: bool
    required: bool  # False: the configuration may leave the key out
    option: Option


@functools.cache
def fields(options: type) -> tuple[Field, ...]:
    """The options of a dataclass, in the order of their declaration."""
    hints = get_type_hints(options, include_extras=True)
    declared = []
    for each in dataclass_fields(options):
        kind, optional, of_type = split(hints[each.name])
        required = each.default is MISSING and each.default_factory is MISSING
        declared.append(Field(each.name, kind, optional, required, each.metadata.get("option", of_type)))
    return tuple(declared)


def split(annotation: Any) -> tuple[Any, bool, Option]:
    """Take an annotation apart: the type without `None`, whether `None` is allowed, and the option."""
    option = Option()
    if get_origin(annotation) is Annotated:
        annotation, *metadata = get_args(annotation)
        option = next((each for each in metadata if isinstance(each, Option)), option)
    if get_origin(annotation) in (typing.Union, types.UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not types.NoneType]
        return kinds[0], True, option
    return annotation, False, option


def choices(kind: Any) -> tuple[str, ...] | None:
    """The allowed words of a `Literal`; None for other types."""
    return get_args(kind) if get_origin(kind) is Literal else None


def names(options: type) -> tuple[str, ...]:
    """The names of a dataclass's options."""
    return tuple(field.name for field in fields(options))


@dataclass(frozen=True, kw_only=True)
class Compute:
    """Where and how wide a job computes; sums depend on both."""

    threads: int = option(
        "compute threads inside a job; results depend on it, and not on the number of jobs at a time",
        minimum=1,
        maximum=1024,
    )
    device: Device = option("where language models compute; cuda: one GPU a job, or one a process")
