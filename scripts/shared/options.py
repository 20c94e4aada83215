"""Flags of a script, made from declared options."""

import argparse
from collections.abc import Callable, Collection
from typing import Any, get_args, get_origin

from collapse.options import Field, Option, choices, fields, split


def add(
    parser: argparse.ArgumentParser,
    options: type,
    prefix: str = "",
    leave_out: Collection[str] = (),
    optional: Collection[str] = (),
) -> None:
    """Add a flag for every option of a dataclass; options that may be null, or are `optional`, may be left out."""
    for field in fields(options):
        if field.name not in leave_out:
            parser.add_argument("--" + flag(prefix + field.name), **_argument(field, field.name not in optional))


def values(args: argparse.Namespace, options: type, prefix: str = "") -> dict[str, Any]:
    """Return the values of those options of a dataclass that results depend on."""
    names = [field.name for field in fields(options) if field.option.changes_result]
    return {name: getattr(args, prefix + name) for name in names}


def flag(name: str) -> str:
    return name.replace("_", "-")


def _argument(field: Field, required: bool) -> dict[str, Any]:
    kind, option = field.kind, field.option
    argument: dict[str, Any] = {"help": option.description.replace("%", "%%")}
    if get_origin(kind) is list or _is_names(kind):
        if get_origin(kind) is list:
            kind, _, option = split(get_args(kind)[0])
        else:
            kind, argument["metavar"] = str, "NAME=VALUE"
        argument |= {"action": "append", "default": []}
    else:
        argument["required"] = required and field.required and not field.optional
    if words := choices(kind):
        return argument | {"choices": words}
    return argument | {"type": _converter(kind, option)}


def _is_names(kind: Any) -> bool:
    """Whether a type maps names to words, such as each split to its file."""
    return isinstance(kind, type) and hasattr(kind, "__dataclass_fields__")


def _converter(kind: type, option: Option) -> Callable[[str], Any]:
    """Return a function that reads a word and checks it against the option's bounds."""

    def convert(text: str) -> Any:
        value = kind(text)
        bounds = {
            f"at least {option.minimum}": option.minimum is not None and value < option.minimum,
            f"at most {option.maximum}": option.maximum is not None and value > option.maximum,
            f"more than {option.above}": option.above is not None and value <= option.above,
            f"less than {option.below}": option.below is not None and value >= option.below,
        }
        for bound, broken in bounds.items():
            if broken:
                raise argparse.ArgumentTypeError(f"{text} must be {bound}")
        return value

    convert.__name__ = kind.__name__  # argparse names it in its message
    return convert
