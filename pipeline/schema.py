"""Make a JSON schema from declared options, and explain in plain words what it finds wrong in a configuration."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from collapse.options import Field, Option, choices, fields, split

TYPES = {int: "integer", float: "number", str: "string"}
BOUNDS = {"minimum": "minimum", "maximum": "maximum", "above": "exclusiveMinimum", "below": "exclusiveMaximum"}
FEWEST = {"array": "minItems", "object": "minProperties", "string": "minLength"}


def object_schema(declared: Sequence[Field], description: str) -> dict[str, Any]:
    """Return the schema of a mapping with exactly these keys."""
    return {
        "type": "object",
        "additionalProperties": False,
        "description": description,
        "required": [field.name for field in declared if field.required],
        "properties": {field.name: value_schema(field.kind, field.optional, field.option) for field in declared},
    }


def value_schema(kind: Any, optional: bool, option: Option) -> dict[str, Any]:
    """Return the schema of the values of an option."""
    schema: dict[str, Any] = {}
    words = choices(kind)
    if words is not None:
        schema["enum"] = [*words, *([None] if optional else [])]
    elif isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
        schema = object_schema(fields(kind), option.description or (kind.__doc__ or "").rstrip("."))
    elif get_origin(kind) is list:
        schema |= {"type": "array", "uniqueItems": True, "items": value_schema(*split(get_args(kind)[0]))}
    elif get_origin(kind) is dict:
        schema |= {"type": "object", "additionalProperties": value_schema(*split(get_args(kind)[1]))}
        if option.keys:
            schema["propertyNames"] = {"pattern": option.keys}
    elif kind in TYPES:
        schema["type"] = [TYPES[kind], "null"] if optional else TYPES[kind]
    schema |= {word: getattr(option, name) for name, word in BOUNDS.items() if getattr(option, name) is not None}
    if option.pattern:
        schema["pattern"] = option.pattern
    if option.fewest:
        kinds = schema["type"]
        schema[FEWEST[kinds if isinstance(kinds, str) else kinds[0]]] = option.fewest
    if option.longest:
        schema["maxLength"] = option.longest
    if option.description:
        schema["description"] = option.description
    return schema


def _whole(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """Match a pattern with the whole text; Python's `$` would also accept a line break behind it."""
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError(f"does not match {pattern}")


def _number(_: Any, value: Any) -> bool:
    return _integer(_, value) or (isinstance(value, float) and math.isfinite(value))


def _integer(_: Any, value: Any) -> bool:
    """Accept neither 3.0, which no `range` takes, nor numbers that no array can count."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


Validator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _whole},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _integer, "number": _number}),
)


def faults(config: Any, schema: Mapping[str, Any]) -> list[str]:
    """List what is wrong, in the order of the keys: key, value, what is wrong, what to do."""
    errors = sorted(
        Validator(schema).iter_errors(config), key=lambda error: [str(part) for part in error.absolute_path]
    )
    return list(dict.fromkeys(fault for error in errors for fault in _explain(error)))


def _explain(error: Any) -> list[str]:
    key = ".".join(str(part) for part in error.absolute_path)
    where = f"{key}." if key else ""
    if error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        unknown = sorted(set(error.instance) - set(known))
        return [f"{where}{name}: unknown key; {_alike(name, known)}known here: {', '.join(known)}" for name in unknown]
    if error.validator == "required":
        missing = [name for name in error.schema["required"] if name not in error.instance]
        meanings = error.schema["properties"]
        return [f"{where}{name} is missing; set it ({meanings[name].get('description', name)})" for name in missing]
    value = json.dumps(error.instance, ensure_ascii=False, default=str)
    description = error.schema.get("description")
    meaning = f" ({description})" if description else ""
    return [f"{key or 'configuration'} is {value}; it {_rule(error)}{meaning}"]


def _alike(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"do you mean {near[0]}? " if near else ""


def _rule(error: Any) -> str:
    value = error.validator_value
    names = ["null" if each is None else str(each) for each in (value if isinstance(value, list) else [value])]
    return {
        "type": f"must be of type {' or '.join(names)}",
        "minimum": f"must be at least {value}",
        "maximum": f"must be at most {value}",
        "exclusiveMinimum": f"must be more than {value}",
        "exclusiveMaximum": f"must be less than {value}",
        "enum": f"must be one of {', '.join(names)}",
        "pattern": f"must match {value}",
        "minItems": f"needs at least {value} {'entry' if value == 1 else 'entries'}",
        "uniqueItems": "must name nothing twice",
        "minLength": "must not be empty",
        "maxLength": f"must have at most {value} characters",
        "minProperties": f"needs at least {value} {'key' if value == 1 else 'keys'}",
    }.get(error.validator, f"is refused: {error.message}")


def descriptions(schema: Mapping[str, Any]) -> dict[str, str]:
    """Return the description of each key, by dotted key. `*` stands for a name that the user chooses."""
    return {key: node.get("description", "") for key, node in walk(schema)}


def walk(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every key of a schema with its own schema, in the order of declaration."""
    for key, child in node.get("properties", {}).items():
        yield f"{prefix}{key}", child
        yield from walk(child, f"{prefix}{key}.")
    if isinstance(node.get("additionalProperties"), Mapping):
        yield f"{prefix}*", node["additionalProperties"]
        yield from walk(node["additionalProperties"], f"{prefix}*.")
