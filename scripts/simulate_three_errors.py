"""Simulate the statistical, the expressivity and the approximation error, one at a time and together."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from collapse.artefacts import write_json, write_text
from collapse.theory import three_errors
from collapse.theory.options import ThreeErrors
from scripts.shared import job, options
from scripts.shared.step import Step

COLUMNS = ["error", "generation", "exact", "simulated", "standard_error", "q05", "median", "q95", "chains"]


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    options.add(parser, ThreeErrors)
    job.add(parser, Path, "metrics", "manifest", output="CSV")
    args = parser.parse_args(argv)
    step = Step(args)

    given = options.values(args, ThreeErrors)
    with step:
        rows = three_errors.trajectories(**given)

    write_text(args.output, pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False, lineterminator="\n"))
    write_json(args.metrics, three_errors.agreement(rows))
    step.write(args.manifest, "three errors", [args.output, args.metrics], given, libraries=("numpy", "scipy"))
