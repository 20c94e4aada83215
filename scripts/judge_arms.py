"""The model-collapse profile: judge each arm by each definition of collapse."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from collapse.artefacts import write_json
from collapse.seeds import derive_seed
from collapse.statistics.intervals import KINDS, interval_of_kind
from collapse.statistics.trajectories import difference
from collapse.statistics.verdicts import DEFINITIONS, Rule, judge
from scripts.shared import job
from scripts.shared.summary_table import read_summary, write_rows
from scripts.shared.timer import Timer

COLUMNS = ("arm", "definition", "verdict", "effect", "low", "high", "rule")


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--summary", type=Path, required=True)
    parser.add_argument("--rules", type=json.loads, required=True, help="definition → measure, against, … as JSON")
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--resamples", type=int, required=True)
    parser.add_argument("--interval", choices=KINDS, required=True)
    parser.add_argument("--profile", type=Path, required=True)
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    table = read_summary(args.summary)
    rules = {name: Rule(**args.rules[name]) for name in DEFINITIONS}
    drawing = {"confidence": args.confidence, "resamples": args.resamples}
    rows: list[dict[str, Any]] = []
    profile: dict[str, dict[str, Any]] = {}
    for arm in table.arms:
        for name, rule in rules.items():
            seed = derive_seed("profile", arm, name)
            ends = partial(interval_of_kind, args.interval, **drawing, seed=seed)
            array = (
                difference(table.values, arm, rule.measure, rule.against, table.seeds, table.generations)
                if rule.measure
                else None
            )
            found = asdict(judge(name, rule, array, ends))
            rows.append({"arm": arm, "definition": name, **found})
            numbers = {key: None if isinstance(one, float) and math.isnan(one) else one for key, one in found.items()}
            profile.setdefault(arm, {})[name] = numbers
    write_rows(args.profile, COLUMNS, rows)
    write_json(
        args.json,
        {
            "arms": profile,
            "definitions": {
                name: {"title": one.title, "says": one.says, **asdict(rules[name])} for name, one in DEFINITIONS.items()
            },
            "interval": {"kind": args.interval, "confidence": args.confidence},
            "source": "definitions: Schaeffer et al. 2025, arXiv 2503.03150; rules: docs/method.md",
        },
    )
    work.finish()
