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
from workflow.arms import finetune_settings, generate_settings, policy_settings

KINDS = ("training", "model", "text", "evaluation")
NOT_IN_A_RECIPE = ("processes", "checkpoint_minutes", "shards")  # how work is done, not what comes of it


class Recipes:
    """Recipes of all arms that a configuration defines, for its generations."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._first: dict[tuple[str, str], str] = {}  # of a kind and recipe, the arm in whose folder it lies
        self._of = {
            arm: [dict(zip(KINDS, one, strict=True)) for one in _recipes(config, arm)] for arm in config["arms"]
        }
        for arm, generations in self._of.items():
            for one in generations:
                for kind in KINDS:
                    self._first.setdefault((kind, one[kind]), arm)

    def owner(self, kind: str, arm: str, generation: int) -> str:
        """The arm in whose folder an arm's artefact of a generation lies."""
        return self._first[kind, self._of[arm][generation][kind]]


def _recipes(config: Mapping[str, Any], arm: str) -> list[tuple[str, ...]]:
    """Of each generation of an arm, the recipe of every kind."""
    finetune, generate = (
        {name: value for name, value in settings.items() if name not in NOT_IN_A_RECIPE}
        for settings in (finetune_settings(config, arm), generate_settings(config, arm))
    )
    policy = {"policy": config["arms"][arm]["policy"]} | policy_settings(config, arm)
    reads_all = POLICIES[policy["policy"]].history == "all"
    initialization, prompts = finetune.pop("initialization"), generate.pop("prompts")
    found: list[tuple[str, ...]] = []
    read = ""  # the texts that a policy reads, as one hash
    for generation in range(config["text"]["generations"]):
        training = _hash(policy, read, generation) if generation else _hash("human")
        # nothing lies before generation 0: it starts from the base model and continues human text
        model = _hash(finetune, training, found[-1][1] if found and initialization == "previous" else "base")
        continued = "original" if prompts == "previous" and not found else prompts
        text = _hash(generate, model, found[-1][2] if continued == "previous" else continued)
        evaluation = _hash(model, text, found[0][1] if found else model)
        found.append((training, model, text, evaluation))
        read = _hash(read, text) if reads_all else text
    return found


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
