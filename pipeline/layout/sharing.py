"""Arms that share artefacts of the text chain, so that equal artefacts are made once.

Two arms with the same options up to some generation have the same training sets, models, texts and scores there. Each
artefact has a recipe: a hash of its own options and of its parents' recipes. It lies in the folder of the first arm
with this recipe: first the arms that run, in the order of `text.arms`, then the others by name.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from collapse.decoding.options import Generate
from collapse.policies import POLICIES
from collapse.training.options import Finetune
from pipeline.arms import finetune_settings, generate_settings, policy_settings
from pipeline.layout.link import declared

KINDS = ("training", "model", "text", "evaluation")


class Sharing:
    """Recipes of all arms that a configuration defines, for its generations."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._recipes = _recipes(config)
        self._first: dict[tuple[str, str], str] = {}  # kind and recipe to the arm in whose folder the artefact lies
        running = [arm for arm in config["text"]["arms"] if arm in self._recipes]
        for arm in dict.fromkeys([*running, *sorted(self._recipes)]):
            for generation in self._recipes[arm]:
                for kind in KINDS:
                    self._first.setdefault((kind, generation[kind]), arm)

    def made_by(self, kind: str, arm: str, generation: int) -> str:
        """Return the arm whose folder holds an arm's artefact of a generation."""
        return self._first[kind, self._recipes[arm][generation][kind]]


def _recipes(config: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Return the recipes of all kinds for each generation of every arm."""
    recipes: dict[str, list[dict[str, str]]] = {arm: [] for arm in config["arms"]}
    for generation in range(
        config["text"]["generations"]
    ):  # an arm may read texts of other arms, one generation earlier
        before = {arm: earlier[-1] for arm, earlier in recipes.items() if earlier}
        for arm, earlier in recipes.items():
            earlier.append(_generation(config, arm, generation, earlier, before))
    return recipes


def _generation(
    config: Mapping[str, Any],
    arm: str,
    generation: int,
    earlier: list[dict[str, str]],
    before: dict[str, dict[str, str]],
) -> dict[str, str]:
    """Return the recipes of one generation, from the arm's earlier recipes and all arms' recipes just before."""
    finetune = declared(Finetune, finetune_settings(config, arm))
    generate = declared(Generate, generate_settings(config, arm))
    initialization, prompts = finetune.pop("initialization"), generate.pop("prompts")
    base = f"base {finetune.pop('size')}"
    if not earlier:  # generation 0 starts from the base model and continues human text
        initialization, prompts = "base", "original" if prompts == "previous" else prompts
    training = _hash(_sources(config, arm, earlier, before), generation) if earlier else _hash("human")
    model = _hash(finetune, training, earlier[-1]["model"] if initialization == "previous" else base)
    text = _hash(generate, model, earlier[-1]["text"] if prompts == "previous" else prompts)
    evaluation = _hash(model, text, earlier[0]["model"] if earlier else model)
    return dict(zip(KINDS, (training, model, text, evaluation), strict=True))


def _sources(
    config: Mapping[str, Any], arm: str, earlier: list[dict[str, str]], before: dict[str, dict[str, str]]
) -> list[Any]:
    """Return an arm's policy, its options, and the recipes of the texts that it reads."""
    name, options = config["arms"][arm]["policy"], policy_settings(config, arm)
    if POLICIES[name].pools:
        writers = [before[writer]["text"] for writer in options["writers"]]
        return [name, writers, config["text"]["seeds"] if options["writer_seeds"] == "all" else "own"]
    texts = [recipes["text"] for recipes in earlier]
    return [name, options, texts if POLICIES[name].history == "all" else texts[-1]]


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
