"""Arms: what each is told, and what is wrong with it.

An arm names a policy and its options, and whatever it changes of `text.finetune` and `text.generate`. With `sweep` it
stands for one arm for every combination of the values listed there.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from collapse.decoding.registry import DECODERS
from collapse.mixing import POLICIES


def expand(config: dict[str, Any]) -> None:
    """Put the arms of every sweep in its place, and those of every question in `text.arms`.

    What is no sweep is left as it is, so that doing it twice changes nothing.
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
        for chosen in _combinations(sweep):
            member = _member(name, chosen)
            members[name].append(member)
            arms[member] = common | chosen
    for arm in arms.values():
        if "writers" in arm:
            arm["writers"] = _members(arm["writers"], members)
    config["arms"] = arms
    text = config["text"]
    for question in text["questions"].values():
        question["arms"] = _members(question["arms"], members)
    asked = [arm for question in text["questions"].values() for arm in question["arms"]]
    text["arms"] = list(dict.fromkeys([*_members(text["arms"], members), *asked]))


def sweep_faults(config: Mapping[str, Any], most: int) -> list[str]:
    """What is wrong with the sweeps: an arm's name given twice, or more arms than `most`, which nobody meant."""
    found, arms = [], config["arms"]
    names = [name for name, arm in arms.items() if "sweep" not in arm]
    for name, arm in arms.items():
        if "sweep" not in arm:
            continue
        if (count := prod(map(len, arm["sweep"].values()))) > most:
            found.append(f"arms.{name}.sweep: stands for {count} arms, more than {most}; list fewer values")
            continue
        for member in (_member(name, chosen) for chosen in _combinations(arm["sweep"])):
            if member in names:
                found.append(
                    f"arms.{name}.sweep: {member}: another arm has this name; rename one, or list a value once"
                )
            names.append(member)
    return found


def _combinations(sweep: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    for values in product(*sweep.values()):
        yield dict(zip(sweep, values, strict=True))


def _member(name: str, chosen: Mapping[str, Any]) -> str:
    return "-".join([name, *(f"{key}-{value}" for key, value in chosen.items())])


def _members(names: Sequence[str], members: Mapping[str, list[str]]) -> list[str]:
    """Names of arms, with those of sweeps replaced by their members'."""
    return [one for name in names for one in members.get(name, [name])]


def finetune_settings(config: Mapping[str, Any], arm: str) -> dict[str, Any]:
    """Training options of an arm: those of `text.finetune`, but for what the arm says itself."""
    return _own(config["text"]["finetune"], config["arms"][arm])


def generate_settings(config: Mapping[str, Any], arm: str) -> dict[str, Any]:
    """How an arm's text is written; of the options, those of the arm's decoder alone."""
    settings = _own(config["text"]["generate"], config["arms"][arm])
    foreign = _decoder_options() - {*DECODERS[settings["decoder"]].options}
    return {name: value for name, value in settings.items() if name not in foreign}


def policy_settings(config: Mapping[str, Any], arm: str) -> dict[str, Any]:
    """The options of an arm's policy."""
    return {name: config["arms"][arm][name] for name in POLICIES[config["arms"][arm]["policy"]].options}


def faults(config: Mapping[str, Any]) -> list[str]:
    """What is wrong with the arms and with the chain's decoder: key, value and remedy."""
    text, arms = config["text"], config["arms"]
    found = [] if text["arms"] else ["text.arms: []: no arm runs; name some here, or in a question"]
    found += [
        f"text.arms: {arm}: no such arm; define it under arms, or choose of {', '.join(arms)}"
        for arm in text["arms"]
        if arm not in arms
    ]
    found += [
        f"arms.{name}.writers: {writer}: no such arm; define it under arms, or choose of {', '.join(arms)}"
        for name, arm in arms.items()
        for writer in arm.get("writers", [])
        if writer not in arms
    ]
    sizes = config["base_model"]["pretraining"]["sizes"] if config["base_model"]["source"] == "pretrain" else {}
    for place, training in [
        ("text.finetune", text["finetune"]),
        *((f"arms.{name}", arm) for name, arm in arms.items()),
    ]:
        size = training.get("size")
        if size is not None and size not in sizes:
            remedy = f"there are {', '.join(sizes)}" if sizes else "define it there (source pretrain), or leave it out"
            found.append(f"{place}.size: {size}: not in base_model.pretraining.sizes; {remedy}")
    found += _writing_faults("text.generate", text["generate"], {})
    found += rate_faults("text.finetune", text["finetune"])
    for name, arm in arms.items():
        found += _policy_faults(f"arms.{name}", arm)
        if {"decoder", "prompts", "candidates", "verifier", *_decoder_options()} & {*arm}:
            found += _writing_faults(f"arms.{name}", _own(text["generate"], arm), arm)
        if {"learning_rate", "final_learning_rate"} & {*arm}:
            found += rate_faults(f"arms.{name}", _own(text["finetune"], arm))
    return found


def _policy_faults(place: str, arm: Mapping[str, Any]) -> Iterator[str]:
    policy = POLICIES.get(arm["policy"])
    if policy is None:
        yield f"{place}.policy: {arm['policy']}: unknown policy; collapse/mixing.py has {', '.join(POLICIES)}"
        return
    for name in policy.options:
        if name not in arm:
            yield f"{place}.{name}: missing: policy {arm['policy']} needs it"
    for name in {option for one in POLICIES.values() for option in one.options} & {*arm}:
        if name not in policy.options:
            yield f"{place}.{name}: {arm[name]}: policy {arm['policy']} has no such option; leave it out"


def _writing_faults(place: str, generate: Mapping[str, Any], arm: Mapping[str, Any]) -> Iterator[str]:
    decoder = DECODERS.get(generate["decoder"])
    if decoder is None:
        yield f"{place}.decoder: {generate['decoder']}: unknown; there are {', '.join(DECODERS)}"
        return
    for name in sorted(_decoder_options() & {*arm}):
        if name not in decoder.options:
            yield f"{place}.{name}: {arm[name]}: decoder {generate['decoder']} has no such option; leave it out"
    drawing = ", ".join(name for name, one in DECODERS.items() if one.draws)
    if generate["candidates"] > 1 and not decoder.draws:
        yield f"{place}.candidates: {generate['candidates']}: decoder {generate['decoder']} writes one; use {drawing}"
    if (generate["candidates"] > 1) != (generate["verifier"] is not None):
        remedy = "candidates needs a verifier to choose by, and a verifier more than one candidate"
        yield f"{place}.verifier: {generate['verifier']}, with {generate['candidates']} candidates: {remedy}"
    if generate["prompts"] == "none" and not decoder.draws:
        yield f"{place}.prompts: none: decoder {generate['decoder']} writes one block again and again; use {drawing}"


def rate_faults(place: str, rates: Mapping[str, Any]) -> Iterator[str]:
    """Of a training: its learning rates against each other."""
    if rates["final_learning_rate"] > rates["learning_rate"]:
        yield (
            f"{place}.final_learning_rate: {rates['final_learning_rate']}: above learning_rate "
            f"{rates['learning_rate']}; it falls from one to the other"
        )


def _decoder_options() -> set[str]:
    return {name for one in DECODERS.values() for name in one.options}


def _own(defaults: Mapping[str, Any], arm: Mapping[str, Any]) -> dict[str, Any]:
    return {name: arm.get(name, value) for name, value in defaults.items()}
