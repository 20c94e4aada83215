"""What every artefact of the text chain is made from, so that what is made alike is made once.

Two arms with the same options up to some generation have the same training sets, models, texts and scores there: each
of these has a recipe, a hash of its own options and of its parents' recipes, and lies in the folder of the first arm
defined that has this recipe.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from collapse.mixing import POLICIES
from pipeline.arms import finetune_settings, generate_settings, policy_settings

KINDS = ("training", "model", "text", "evaluation")
NOT_IN_A_RECIPE = ("processes", "checkpoint_minutes", "shards")  # how work is done, not what comes of it


class Recipes:
    """Recipes of all arms that a configuration defines, for its generations."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._first: dict[tuple[str, str], str] = {}  # of a kind and recipe, the arm in whose folder it lies
        self._of = _recipes(config)
        for arm, generations in self._of.items():
            for one in generations:
                for kind in KINDS:
                    self._first.setdefault((kind, one[kind]), arm)

    def owner(self, kind: str, arm: str, generation: int) -> str:
        """The arm in whose folder an arm's artefact of a generation lies."""
        return self._first[kind, self._of[arm][generation][kind]]


def _recipes(config: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Of every arm, for each of its generations, the recipe of every kind."""
    found: dict[str, list[dict[str, str]]] = {arm: [] for arm in config["arms"]}
    for generation in range(config["text"]["generations"]):  # an arm may read what others wrote a generation before
        before = {arm: recipes[-1] for arm, recipes in found.items() if recipes}
        for arm, recipes in found.items():
            recipes.append(_generation(config, arm, generation, recipes, before))
    return found


def _generation(
    config: Mapping[str, Any],
    arm: str,
    generation: int,
    earlier: list[dict[str, str]],
    before: dict[str, dict[str, str]],
) -> dict[str, str]:
    """The recipes of one generation, from those of the arm's earlier ones and of all arms' generation before."""
    finetune, generate = (
        {name: value for name, value in settings.items() if name not in NOT_IN_A_RECIPE}
        for settings in (finetune_settings(config, arm), generate_settings(config, arm))
    )
    initialization, prompts = finetune.pop("initialization"), generate.pop("prompts")
    base = f"base {finetune.pop('size')}"
    if not earlier:  # nothing lies before generation 0: it starts from the base model and continues human text
        initialization, prompts = "base", "original" if prompts == "previous" else prompts
    training = _hash(_read(config, arm, earlier, before), generation) if earlier else _hash("human")
    model = _hash(finetune, training, earlier[-1]["model"] if initialization == "previous" else base)
    text = _hash(generate, model, earlier[-1]["text"] if prompts == "previous" else prompts)
    evaluation = _hash(model, text, earlier[0]["model"] if earlier else model)
    return dict(zip(KINDS, (training, model, text, evaluation), strict=True))


def _read(
    config: Mapping[str, Any], arm: str, earlier: list[dict[str, str]], before: dict[str, dict[str, str]]
) -> list[Any]:
    """The policy of an arm, its options, and the recipes of the texts that it reads."""
    name, options = config["arms"][arm]["policy"], policy_settings(config, arm)
    if POLICIES[name].pools:
        writers = [before[writer]["text"] for writer in options["writers"]]
        return [name, writers, config["text"]["seeds"] if options["writer_seeds"] == "all" else "own"]
    texts = [one["text"] for one in earlier]
    return [name, options, texts if POLICIES[name].history == "all" else texts[-1]]


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
