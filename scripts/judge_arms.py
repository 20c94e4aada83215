"""The model-collapse profile: judge each arm by each definition of collapse."""

import math
from dataclasses import asdict
from functools import partial
from json import loads
from pathlib import Path
from typing import Any

from collapse.artefacts import write_json
from collapse.seeds import derive_seed
from collapse.statistics.intervals import Kind, interval_of_kind
from collapse.statistics.options import Rule
from collapse.statistics.trajectories import difference
from collapse.statistics.verdicts import DEFINITIONS, judge
from scripts.shared.command import command
from scripts.shared.summary_table import read_summary, write_rows

COLUMNS = ("arm", "definition", "verdict", "effect", "low", "high", "rule")


@command(__doc__)
def main(
    summary: Path, rules: str, confidence: float, resamples: int, interval: Kind, profile: Path, json: Path
) -> None:
    """Write the profile as CSV and JSON. `rules` is JSON: the measure, against, … of each definition."""
    table = read_summary(summary)
    rule_of = {name: Rule(**rule) for name, rule in loads(rules).items()}
    rows: list[dict[str, Any]] = []
    verdicts: dict[str, dict[str, Any]] = {}
    for arm in table.arms:
        for name in DEFINITIONS:
            rule, array = rule_of[name], None
            seed = derive_seed("profile", arm, name)
            ends = partial(interval_of_kind, interval, confidence=confidence, resamples=resamples, seed=seed)
            if rule.measure:
                array = difference(table.values, arm, rule.measure, rule.against, table.seeds, table.generations)
            verdict = asdict(judge(name, rule, array, ends))
            rows.append({"arm": arm, "definition": name, **verdict})
            verdicts.setdefault(arm, {})[name] = {
                key: None if isinstance(value, float) and math.isnan(value) else value for key, value in verdict.items()
            }
    write_rows(profile, COLUMNS, rows)
    write_json(
        json,
        {
            "arms": verdicts,
            "definitions": {
                name: {"title": definition.title, "says": definition.says, **asdict(rule_of[name])}
                for name, definition in DEFINITIONS.items()
            },
            "interval": {"kind": interval, "confidence": confidence},
            "source": "definitions: Schaeffer et al. 2025, arXiv 2503.03150; rules: docs/method.md",
        },
    )
