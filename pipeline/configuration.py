"""The configuration, checked before anything runs: types and bounds by the schema, the rest by `check_consistency`."""

import functools
import json
import math
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from collapse.models.memory import Shape
from pipeline import arms

SCHEMA = Path(__file__).parents[1] / "workflow" / "schemas" / "config.schema.yaml"


MOST_NUMBERS = 5e8  # that an array of a side experiment may hold, 4 to 8 bytes each
MOST_ARMS = 1000
MOST_CHARACTERS = 80_000  # a job is told the whole configuration, and a system's longest argument has 131,072 bytes
SHOWN_CHARACTERS = 500  # of a fault: a value may be a whole file that was pasted
NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # what no command, path or terminal can hold


class ConfigurationError(ValueError):
    """Every fault of a configuration, one a line: the key, its value and the remedy."""


def resolve(config: dict[str, Any]) -> None:
    """Check `config` and put the arms of its sweeps in their place.

    ConfigurationError if it breaks the schema or contradicts itself.
    """
    faults = [*foreign_faults(config)] or schema_faults(config) or arms.sweep_faults(config, MOST_ARMS)
    if not faults:
        arms.expand(config)
        faults = schema_faults(config) or consistency_faults(config) or size_faults(config)
    if faults:
        raise ConfigurationError("configuration:\n" + "\n".join(f"  {_printable(fault)}" for fault in faults))


def foreign_faults(node: Any, place: str = "") -> Iterator[str]:
    """What YAML can hold and a configuration cannot: keys that are no text, and text that cannot be written down."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if isinstance(key, str) and not NOT_TEXT.search(key):
                yield from foreign_faults(value, f"{place}.{key}" if place else key)
            else:
                where = f"{place}.{key!r}".removeprefix(".")
                yield f"{where}: a key must be text without control characters; put it in quotes"
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from foreign_faults(value, f"{place}.{number}")
    elif isinstance(node, str) and (found := NOT_TEXT.search(node)):
        yield f"{place}: {node!r}: holds the character U+{ord(found[0]):04X}; leave it out"


def _printable(fault: str) -> str:
    """One line of a bounded length, in which nothing is a command to a terminal."""
    shown = fault if len(fault) <= SHOWN_CHARACTERS else f"{fault[:SHOWN_CHARACTERS]} … {fault[-SHOWN_CHARACTERS:]}"
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in shown)


@functools.cache
def schema() -> dict[str, Any]:
    return yaml.safe_load(SCHEMA.read_text())


def _whole(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """A pattern holds for all of a text; Python's `$` would also accept a line break behind it."""
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError(f"does not match {pattern}")


def _number(_: Any, value: Any) -> bool:
    return _integer(_, value) or (isinstance(value, float) and math.isfinite(value))


def _integer(_: Any, value: Any) -> bool:
    """Not 3.0, which no `range` takes, nor what no array can count."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


Validator = extend(
    Draft202012Validator,
    {"pattern": _whole},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _integer, "number": _number}),
)


def schema_faults(config: Mapping[str, Any]) -> list[str]:
    """What the schema refuses, in the order of the keys."""
    validator = Validator(schema())
    errors = sorted(validator.iter_errors(config), key=lambda error: [str(part) for part in error.absolute_path])
    return [fault for error in errors for fault in _explain(error)]


def _explain(error) -> list[str]:
    key = ".".join(str(part) for part in error.absolute_path)
    where = f"{key}." if key else ""
    if error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        unknown = sorted(set(error.instance) - set(known))
        return [f"{where}{name}: unknown key; known here: {', '.join(known)}" for name in unknown]
    if error.validator == "required":
        missing = [name for name in error.schema["required"] if name not in error.instance]
        return [f"{where}{name}: missing; set it, see workflow/schemas/config.schema.yaml" for name in missing[:1]]
    description = error.schema.get("description", "see workflow/schemas/config.schema.yaml")
    return [
        f"{key}: {json.dumps(error.instance, ensure_ascii=False, default=str)}: {_rule(error)}; it is: {description}"
    ]


def _rule(error) -> str:
    value = error.validator_value
    names = ["null" if one is None else str(one) for one in (value if isinstance(value, list) else [value])]
    return {
        "type": f"must be of type {' or '.join(names)}",
        "minimum": f"must be at least {value}",
        "maximum": f"must be at most {value}",
        "exclusiveMinimum": f"must be more than {value}",
        "exclusiveMaximum": f"must be less than {value}",
        "enum": f"must be one of {', '.join(names)}",
        "pattern": f"must match {value}",
        "minItems": f"needs at least {value}",
        "uniqueItems": "names one thing twice",
        "minLength": "must not be empty",
        "minProperties": f"needs at least {value}",
    }.get(error.validator, error.message)


def consistency_faults(config: Mapping[str, Any]) -> list[str]:
    """What single keys cannot show: keys that need each other, and names that must exist."""
    return text_faults(config) + side_faults(config)


def size_faults(config: Mapping[str, Any]) -> list[str]:
    """Of all of it together, arms of sweeps included."""
    characters = len(shlex.quote(json.dumps(config)))
    if characters <= MOST_CHARACTERS:
        return []
    return [
        f"configuration: {characters} characters with the arms of all sweeps, more than {MOST_CHARACTERS}, which no "
        "command can hold; list fewer arms, or put them into an experiment of their own"
    ]


def text_faults(config: Mapping[str, Any]) -> list[str]:
    """Of the language-model chain."""
    corpus, base, text = config["corpus"], config["base_model"], config["text"]
    faults = arms.faults(config)
    faults += reference_faults("text.statistics.reference", text["statistics"]["reference"], text["arms"])
    for name, question in text["questions"].items():
        faults += reference_faults(f"text.questions.{name}.reference", question["reference"], question["arms"])
    if corpus["source"] == "files":
        if not corpus["folder"]:
            faults.append('corpus.folder: null: source files needs the folder; --config \'corpus={"folder": "…"}\'')
        for split in ("train", "test"):
            if not corpus["files"].get(split):
                faults.append(f"corpus.files.{split}: missing: source files needs a file for it")
    if corpus["source"] == "hub":
        faults += _need(corpus, "corpus", ("repository", "configuration", "revision"))
        for split in ("train", "test"):
            if not corpus["splits"].get(split):
                faults.append(f"corpus.splits.{split}: missing: source hub needs the name of the split")
    if base["source"] == "hub":
        faults += _need(base, "base_model", ("repository", "revision"))
    else:
        pretraining = base["pretraining"]
        for name in (None, *pretraining["sizes"]):
            place = "base_model.pretraining" + (f".sizes.{name}" if name else "")
            one = pretraining_of(config, name)
            if one["width"] % one["heads"]:
                faults.append(f"{place}.heads: {one['heads']}: must divide the width {one['width']}")
            faults += arms.rate_faults(place, one)
        if pretraining["text"] == "files" and not pretraining["files"]:
            faults.append("base_model.pretraining.files: []: text files needs at least one file")
    processes, batch_blocks = text["finetune"]["processes"], text["finetune"]["batch_blocks"]
    if processes > batch_blocks:
        faults.append(
            f"text.finetune.processes: {processes}: more than the {batch_blocks} blocks of a batch that they share; "
            "lower it or raise text.finetune.batch_blocks"
        )
    if corpus["validation_fraction"] + corpus["test_fraction"] >= 1:
        faults.append("corpus.test_fraction: with validation_fraction it leaves no text to train on; lower one")
    if 2 * text["evaluate"]["modes"] > (corpus["train_blocks"] or float("inf")):
        faults.append(
            f"text.evaluate.modes: {text['evaluate']['modes']}: a stretch would have fewer than two of the "
            f"{corpus['train_blocks']} blocks of corpus.train_blocks; lower it"
        )
    if text["evaluate"]["repeated_ngram_tokens"] > corpus["block_tokens"]:
        faults.append(
            f"text.evaluate.repeated_ngram_tokens: {text['evaluate']['repeated_ngram_tokens']}: longer than "
            f"corpus.block_tokens {corpus['block_tokens']}; lower it"
        )
    return faults


def reference_faults(place: str, reference: str | None, compared: Sequence[str]) -> list[str]:
    """Of the arm that others are compared with: it must be one of them."""
    if reference is None or reference in compared:
        return []
    return [f"{place}: {reference}: not among the arms compared; choose of {', '.join(compared)}, or null"]


def side_faults(config: Mapping[str, Any]) -> list[str]:
    """Of the side experiments."""
    parts = config["parts"]
    checks = {"discrete": discrete_faults, "gaussian": gaussian_faults, "mixture": mixture_faults, "vae": vae_faults}
    return [fault for part, check in checks.items() if part in parts for fault in check(config[part])]


def discrete_faults(discrete: Mapping[str, Any]) -> list[str]:
    faults = []
    for name, distribution in discrete["distributions"].items():
        if distribution["kind"] == "zipf" and distribution["exponent"] is None:
            faults.append(f"discrete.distributions.{name}.exponent: null: kind zipf needs a number, such as 1.0")
        numbers = discrete["chains"] * max(distribution["symbols"], *discrete["samples"])
        if numbers > MOST_NUMBERS:
            faults.append(
                f"discrete.chains: {discrete['chains']}: with {name} a job would hold {numbers:.0e} numbers, more than "
                f"{MOST_NUMBERS:.0e}; lower chains, symbols or samples"
            )
    return faults


def gaussian_faults(gaussian: Mapping[str, Any]) -> list[str]:
    faults = []
    for samples in gaussian["samples"]:
        if samples <= max(gaussian["dimensions"]):
            faults.append(
                f"gaussian.samples: {samples}: not more than {max(gaussian['dimensions'])} dimensions, a covariance "
                "cannot be fitted; raise it or lower gaussian.dimensions"
            )
        if "real" in gaussian["variants"] and not 0 < round(gaussian["real_fraction"] * samples) < samples - 1:
            faults.append(
                f"gaussian.real_fraction: {gaussian['real_fraction']}: of {samples} points it leaves no real one or "
                "fewer than two others; change it, or leave out variant real"
            )
        last, exponent = max(gaussian["generations"]), 0.0
        if "superlinear" in gaussian["variants"]:
            exponent = gaussian["superlinear_exponent"]
        elif "linear" in gaussian["variants"]:
            exponent = 1.0
        numbers = samples * last**exponent * max(gaussian["dimensions"])
        if gaussian["draws"] == "samples" and numbers > MOST_NUMBERS:
            faults.append(
                f"gaussian.draws: samples: one sample of generation {last} would hold {numbers:.0e} numbers, more than "
                f"{MOST_NUMBERS:.0e}; choose summaries, or leave out variants linear and superlinear"
            )
    return faults


def mixture_faults(mixture: Mapping[str, Any]) -> list[str]:
    if max(mixture["generations"]) < 1:
        return ["mixture.generations: none after generation 0; name at least one to simulate"]
    return []


def vae_faults(vae: Mapping[str, Any]) -> list[str]:
    faults = []
    images = vae["images"]
    if images["source"] == "files":
        if not images["folder"]:
            faults.append("vae.images.folder: null: source files needs the folder; --config 'vae={\"images\": …}'")
        for name in ("train_images", "train_labels", "test_images", "test_labels"):
            if not images["files"].get(name):
                faults.append(f"vae.images.files.{name}: missing: source files needs a file for it")
    if images["source"] == "hub":
        faults += _need(images, "vae.images", ("repository", "revision"))
    if vae["evaluate"]["shown"] > vae["evaluate"]["images"]:
        faults.append(
            f"vae.evaluate.shown: {vae['evaluate']['shown']}: more than vae.evaluate.images "
            f"{vae['evaluate']['images']}; lower it"
        )
    return faults


def _need(part: Mapping[str, Any], name: str, keys: tuple[str, ...]) -> list[str]:
    return [f"{name}.{key}: null: source hub needs it" for key in keys if not part[key]]


def descriptions() -> dict[str, str]:
    """What each key means: dotted key to description; an arm's keys stand under `arms.*`."""
    found: dict[str, str] = {}

    def walk(node: Mapping[str, Any], prefix: str) -> None:
        for key, child in node.get("properties", {}).items():
            found[f"{prefix}{key}"] = child.get("description", "")
            walk(child, f"{prefix}{key}.")
        if isinstance(node.get("additionalProperties"), Mapping):
            walk(node["additionalProperties"], f"{prefix}*.")

    walk(schema(), "")
    return found


def pretraining_of(config: Mapping[str, Any], size: str | None) -> dict[str, Any]:
    """Options of the pretraining of a base model: of one of `sizes`, or of none."""
    options = dict(config["base_model"]["pretraining"])
    sizes = options.pop("sizes")
    return options | sizes.get(size, {})


def pretrained_shape(config: Mapping[str, Any], size: str | None = None) -> Shape | None:
    """The shape of a model pretrained here; None for one from the hub, whose shape is not known before."""
    if config["base_model"]["source"] == "hub":
        return None
    sizes = pretraining_of(config, size)
    return Shape(
        vocabulary_size=sizes["vocabulary_size"],
        layers=sizes["layers"],
        width=sizes["width"],
        heads=sizes["heads"],
        positions=2 * config["corpus"]["block_tokens"],
    )


def autoencoder_parameters(config: Mapping[str, Any]) -> int:
    """Number of weights of an autoencoder of images of 8 × 8 pixels if they are scikit-learn's digits, else 28 × 28."""
    vae = config["vae"]
    capacity, latent = vae["capacity"], vae["latent_dimensions"]
    features = 2 * capacity * (2 if vae["images"]["source"] == "digits" else 7) ** 2
    convolutions = 2 * (16 * 2 * capacity**2 + 16 * capacity) + 4 * capacity + 1
    return convolutions + features * (3 * latent + 1) + 2 * latent
