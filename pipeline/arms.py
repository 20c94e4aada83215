"""Expand arms and sweeps, resolve each arm's settings, and validate them.

An arm names a policy and its options, and whatever it changes of `text.finetune` and `text.generate`. With `sweep` it
stands for one arm for every combination of the values listed there.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from collapse.decoding.options import DECODER_OPTIONS, DECODERS, DRAWING
from collapse.options import names
from collapse.policies import POLICIES

MOST_ARMS = 1000


def expand(config: dict[str, Any], options: Sequence[str]) -> None:
    """Put the arms of every sweep in its place, and the arms of every question in `text.arms`.

    `options` gives the order in which the options of a sweep name its arms. Arms without a sweep stay as they are, so a
    second call changes nothing.
    """
    arms: dict[str, Any] = {}
    members: dict[str, list[str]] = {}
    for name, arm in config["arms"].items():
        sweep = arm.get("sweep")
        if not sweep:
            arms[name] = arm
            continue
        common = {key: value for key, value in arm.items() if key != "sweep"}
        members[name] = []
        for chosen in _combinations(sweep, options):
            member = _member(name, chosen)
            members[name].append(member)
            arms[member] = common | chosen
    for arm in arms.values():
        if "writers" in arm:
            arm["writers"] = _members(arm["writers"], members)
    config["arms"] = arms
    text = config["text"]
    questions = [text["questions"][name] for name in sorted(text["questions"])]
    for question in questions:
        question["arms"] = _members(question["arms"], members)
    compared = [arm for question in questions for arm in question["arms"]]
    text["arms"] = list(dict.fromkeys([*_members(text["arms"], members), *compared]))


def sweep_faults(config: Mapping[str, Any], options: Sequence[str]) -> list[str]:
    """List what is wrong with the sweeps: two arms of the same name, or too many arms."""
    faults, arms = [], config["arms"]
    taken = [name for name, arm in arms.items() if "sweep" not in arm]
    for name, arm in arms.items():
        if "sweep" not in arm:
            continue
        if (count := prod(map(len, arm["sweep"].values()))) > MOST_ARMS:
            faults.append(f"arms.{name}.sweep stands for {count} arms, more than {MOST_ARMS}; list fewer values")
            continue
        for member in (_member(name, chosen) for chosen in _combinations(arm["sweep"], options)):
            if member in taken:
                faults.append(
                    f"arms.{name}.sweep makes an arm named {member}, and another arm has this name; rename one arm, "
                    "or list each value once"
                )
            taken.append(member)
    return faults


def _combinations(sweep: Mapping[str, Sequence[Any]], options: Sequence[str]) -> Iterator[dict[str, Any]]:
    keys = sorted(sweep, key=lambda key: (options.index(key) if key in options else len(options), key))
    for values in product(*(sweep[key] for key in keys)):
        yield dict(zip(keys, values, strict=True))


def _member(name: str, chosen: Mapping[str, Any]) -> str:
    return "-".join([name, *(f"{key}-{value}" for key, value in chosen.items())])


def _members(arms: Sequence[str], members: Mapping[str, list[str]]) -> list[str]:
    """Return names of arms; the name of a sweep is replaced by the names of its arms."""
    return [member for name in arms for member in members.get(name, [name])]


def finetune_settings(config: Mapping[str, Any], arm: str) -> dict[str, Any]:
    """Return the training options of an arm: its own, or else the options of `text.finetune`."""
    return _own(config["text"]["finetune"], config["arms"][arm])


def generate_settings(config: Mapping[str, Any], arm: str) -> dict[str, Any]:
    """Return the decoding options of an arm, without the options of other decoders."""
    settings = _own(config["text"]["generate"], config["arms"][arm])
    foreign = {*DECODER_OPTIONS} - {*DECODERS[settings["decoder"]].options}
    return {name: value for name, value in settings.items() if name not in foreign}


def policy_settings(config: Mapping[str, Any], arm: str) -> dict[str, Any]:
    """Return the options of an arm's policy."""
    settings = config["arms"][arm]
    return {name: settings[name] for name in names(POLICIES[settings["policy"]].options)}


def pretraining_of(config: Mapping[str, Any], size: str | None) -> dict[str, Any]:
    """Return the pretraining options of the size with this name, or else of the plain base model."""
    options: dict[str, Any] = dict(config["base_model"]["pretraining"])
    sizes = options.pop("sizes")
    return {**options, **sizes.get(size, {})}


def faults(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with arms, training and decoding: key, value, what is wrong, what to do."""
    text, arms = config["text"], config["arms"]
    if not text["arms"]:
        yield "text.arms is []; no arm runs: name some here, or in a question"
    for key, named in [
        ("text.arms", text["arms"]),
        *((f"arms.{name}.writers", arm.get("writers", [])) for name, arm in arms.items()),
    ]:
        for name in named:
            if name not in arms:
                yield f"{key} names {name}; there is no such arm: define it under arms, or choose of {', '.join(arms)}"
    places = [("text.finetune", text["finetune"]), *((f"arms.{name}", arm) for name, arm in arms.items())]
    sizes = config["base_model"]["pretraining"]["sizes"] if config["base_model"]["source"] == "pretrain" else {}
    for place, training in places:
        size = training.get("size")
        if size is not None and size not in sizes:
            remedy = f"choose of {', '.join(sizes)}" if sizes else "define it there (source pretrain), or leave it out"
            yield f"{place}.size is {size}; it is not in base_model.pretraining.sizes: {remedy}"
    yield from _writing_faults("text.generate", text["generate"], {})
    yield from rate_faults("text.finetune", text["finetune"])
    for name, arm in arms.items():
        yield from _policy_faults(f"arms.{name}", arm)
        if {"decoder", "prompts", "candidates", "verifier", *DECODER_OPTIONS} & {*arm}:
            yield from _writing_faults(f"arms.{name}", _own(text["generate"], arm), arm)
        if {"learning_rate", "final_learning_rate"} & {*arm}:
            yield from rate_faults(f"arms.{name}", _own(text["finetune"], arm))


def _policy_faults(place: str, arm: Mapping[str, Any]) -> Iterator[str]:
    name = arm["policy"]
    if name not in POLICIES:
        yield f"{place}.policy is {name}; there is no such policy: choose of {', '.join(POLICIES)}"
        return
    own = names(POLICIES[name].options)
    for option in own:
        if option not in arm:
            yield f"{place}.{option} is missing; policy {name} needs it"
    foreign = {option for policy in POLICIES.values() for option in names(policy.options)} - {*own}
    for option in sorted(foreign & {*arm}):
        yield f"{place}.{option} is {arm[option]}; policy {name} has no such option: leave it out"


def _writing_faults(place: str, generate: Mapping[str, Any], arm: Mapping[str, Any]) -> Iterator[str]:
    name, drawing = generate["decoder"], ", ".join(DRAWING)
    decoder = DECODERS[name]
    for option in sorted({*DECODER_OPTIONS} & {*arm} - {*decoder.options}):
        yield f"{place}.{option} is {arm[option]}; decoder {name} has no such option: leave it out"
    if generate["candidates"] > 1 and not decoder.draws:
        yield f"{place}.candidates is {generate['candidates']}; decoder {name} writes one: use decoder {drawing}"
    if (generate["candidates"] > 1) != (generate["verifier"] is not None):
        yield (
            f"{place}.verifier is {generate['verifier'] or 'null'} with {generate['candidates']} candidates; several "
            "candidates need a verifier to choose by, and a verifier needs several: set both, or neither"
        )
    if generate["prompts"] == "none" and not decoder.draws:
        yield f"{place}.prompts is none; decoder {name} would write the same block each time: use decoder {drawing}"


def rate_faults(place: str, rates: Mapping[str, Any]) -> Iterator[str]:
    """Yield a fault if the last learning rate is above the first."""
    first, last = rates["learning_rate"], rates["final_learning_rate"]
    if last > first:
        yield f"{place}.final_learning_rate is {last}; it must not be above learning_rate {first}: lower it"


def _own(defaults: Mapping[str, Any], arm: Mapping[str, Any]) -> dict[str, Any]:
    return {name: arm.get(name, value) for name, value in defaults.items()}
