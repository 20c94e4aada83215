"""The whole configuration as one model, built from the options that the code declares; read, completed and checked.

It is checked before anything runs: types and bounds by schema.py, relations between keys by consistency.py. Rules read
the checked configuration as dictionaries, with keys in the order of this model.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from collapse.corpus.options import Corpus, Passage
from collapse.decoding.options import Generate
from collapse.images.options import Vae
from collapse.measures.options import Evaluate
from collapse.models.memory import Shape
from collapse.models.options import HubModel
from collapse.options import NAME, Compute, Field, Option, Seed, fields, option, split
from collapse.policies import POLICIES
from collapse.statistics.options import Profile, Statistics, Summary
from collapse.theory.options import Discrete, Gaussian, Mixture, ThreeErrors
from collapse.training.options import Finetune, Pretraining
from pipeline import arms, consistency
from pipeline import schema as schemas
from pipeline.arms import pretraining_of

ARM_NAME = "^[A-Za-z0-9][A-Za-z0-9._-]*$"
PRINTED_CHARACTERS = 500  # at each end of a long message, because a value may be a whole pasted file
NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # not possible in a command, path or terminal

Arms = list[str]


@dataclass(frozen=True, kw_only=True)
class BaseModel(HubModel):
    """The model that every generation starts from."""

    source: Literal["pretrain", "hub"] = option(
        "pretrain: train a small OPT here, once; hub: fetch an OPT or a GPT-NeoX (Pythia)"
    )
    pretraining: Pretraining = option("the small base model made here")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question on the text."""

    asks: str = option("the question, in words", fewest=1)
    arms: Arms = option("arms that answer it, by their names under arms; they run", fewest=1)
    reference: str | None = option("arm that every other is compared with; null is every pair")


@dataclass(frozen=True, kw_only=True)
class Text:
    """The chain of generations."""

    generations: int = option("number of generations, 0 included: 10 means 0 … 9", minimum=1, maximum=10_000)
    seeds: list[Seed] = option("seeds; each arm has a chain for each", fewest=1)
    arms: Arms = option("arms that run, by their names under arms, beside those of the questions")
    questions: dict[str, Annotated[Question, Option("one question")]] = option(
        "arms that are compared and drawn together, by name; without a question all arms are", keys=NAME
    )
    finetune: Finetune = option("fine-tuning of every generation; an arm may change it")
    generate: Generate = option("how the next training set is written; an arm may change it")
    evaluate: Evaluate = option("how a generation is evaluated")
    passage: Passage = option("a fixed passage that every generation continues")
    summary: Summary = option("tables and intervals")
    statistics: Statistics = option("tests between arms and over generations, and the onset of collapse")
    profile: Profile = option("the rule by which each definition of collapse is judged")


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One experimental condition, without the options that are added by policy, training and decoding."""

    policy: str = option("a policy of collapse/policies.py")
    sweep: dict[str, Any] = option(
        "options of an arm, each with a list of values: one arm for every combination", fewest=1
    )


@dataclass(frozen=True, kw_only=True)
class Configuration(Compute):
    """An experiment."""

    experiment: str = option("name of the results folder in results/ (letters, digits, _ and -)", pattern=NAME)
    parts: list[Literal["text", "discrete", "gaussian", "mixture", "vae", "three_errors"]] = option(
        "parts that run; a part that is left out is neither computed nor in the report", fewest=1
    )
    memory_gigabytes: float = option(
        "memory that one job of the text may take; a job that needs more is refused", above=0, maximum=100_000
    )
    gigaflops: float | None = option(
        "speed of one core, or of the GPU, in float32 products; only predicted times depend on it", above=0
    )
    corpus: Corpus = option("the human text")
    base_model: BaseModel = option("the model that every generation starts from")
    text: Text = option("the chain of generations")
    arms: dict[str, Annotated[Arm, Option("one experimental condition")]] = option(
        "definitions of arms; text.arms says which of them run", keys=ARM_NAME, fewest=1
    )
    discrete: Discrete = option("a distribution over symbols, sampled and refitted by counting")
    gaussian: Gaussian = option("a normal distribution, sampled and refitted by mean and covariance")
    mixture: Mixture = option("a mixture of two Gaussians in the plane, sampled and refitted by EM")
    vae: Vae = option("a variational autoencoder of images")
    three_errors: ThreeErrors = option("the three errors of the theory, one at a time and together")


class ConfigurationError(ValueError):
    """Faults of a configuration, each in a line of its own: key, value, what is wrong, what to do."""


def resolve(config: dict[str, Any]) -> None:
    """Check `config`, replace sweeps by their arms, and put every key in its order.

    Raises ConfigurationError if the schema forbids a value or keys contradict each other.
    """
    faults = [*foreign_faults(config)] or schemas.faults(config, schema()) or arms.sweep_faults(config, arm_names())
    if not faults:
        expand(config)
        faults = schemas.faults(config, schema()) or consistency.faults(config)
    if faults:
        raise ConfigurationError("configuration:\n" + "\n".join(f"  {_printable(fault)}" for fault in faults))


def expand(config: dict[str, Any]) -> None:
    """Put every key in its order, and replace sweeps by their arms. A second call changes nothing."""
    arms.expand(config, arm_names())
    ordered = in_order(config, fields(Configuration))
    config.clear()
    config.update(ordered)


@functools.cache
def arm_options() -> tuple[Field, ...]:
    """Return the options of an arm: policy, options of all policies, and changes of training and decoding."""
    of_policies = [field for policy in POLICIES.values() for field in fields(policy.options)]
    changed = [field for options in (Finetune, Generate) for field in fields(options) if field.option.arm]
    policy, sweep = fields(Arm)
    declared = {field.name: field for field in [*of_policies, *changed, sweep]}
    optional = [Field(field.name, field.kind, field.optional, False, field.option) for field in declared.values()]
    return (policy, *optional)


def arm_names() -> list[str]:
    """Return the names of `arm_options`."""
    return [field.name for field in arm_options()]


@functools.cache
def schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration."""
    made = schemas.object_schema(fields(Configuration), "an experiment")
    arm = schemas.object_schema(arm_options(), "one experimental condition")
    values = {"type": "array", "minItems": 1, "uniqueItems": True, "description": "values of one option"}
    arm["properties"]["sweep"] |= {"additionalProperties": values}
    made["properties"]["arms"]["additionalProperties"] = arm
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def in_order(node: Any, declared: tuple[Field, ...]) -> dict[str, Any]:
    """Return the mapping with its keys in the order of declaration, at every depth. Names of the user are sorted."""
    return {field.name: _value_in_order(node[field.name], field.kind) for field in declared if field.name in node}


def _value_in_order(value: Any, kind: Any) -> Any:
    if kind is Arm:
        return in_order(value, arm_options())
    if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
        return in_order(value, fields(kind))
    if get_origin(kind) is dict:
        inner = split(get_args(kind)[1])[0]
        return {key: _value_in_order(value[key], inner) for key in sorted(value)}
    return value


def foreign_faults(node: Any, place: str = "") -> Iterator[str]:
    """Yield faults that are possible in YAML but not in a command: keys that are not text, and control characters."""
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
    """Return a fault as one line of bounded length, without control characters."""
    if len(fault) > PRINTED_CHARACTERS:
        fault = f"{fault[:PRINTED_CHARACTERS]} … {fault[-PRINTED_CHARACTERS:]}"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in fault)


def pretrained_shape(config: Mapping[str, Any], size: str | None = None) -> Shape:
    """Return the shape of the base model that is pretrained here, or of one of `base_model.pretraining.sizes`."""
    sizes = pretraining_of(config, size)
    return Shape(
        vocabulary_size=sizes["vocabulary_size"],
        layers=sizes["layers"],
        width=sizes["width"],
        heads=sizes["heads"],
        positions=2 * config["corpus"]["block_tokens"],
    )


def autoencoder_parameters(config: Mapping[str, Any]) -> int:
    """Count the weights of the autoencoder, whose images have 8 × 8 pixels (scikit-learn's digits) or 28 × 28."""
    vae = config["vae"]
    capacity, latent = vae["capacity"], vae["latent_dimensions"]
    features = 2 * capacity * (2 if vae["images"]["source"] == "digits" else 7) ** 2
    convolutions = 2 * (16 * 2 * capacity**2 + 16 * capacity) + 4 * capacity + 1
    return int(convolutions + features * (3 * latent + 1) + 2 * latent)
