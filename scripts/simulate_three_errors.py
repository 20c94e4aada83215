"""Simulate the statistical, the expressivity and the approximation error, one at a time and together."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from collapse.artefacts import write_json, write_manifest, write_text
from collapse.theory import three_errors
from collapse.theory.options import ThreeErrors
from scripts.shared import job, options
from scripts.shared.timer import Timer

COLUMNS = ["error", "generation", "exact", "simulated", "standard_error", "q05", "median", "q95", "chains"]


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    options.add(parser, ThreeErrors)
    parser.add_argument("--output", type=Path, required=True, help="CSV")
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    given = options.values(args, ThreeErrors)
    with work:
        rows = three_errors.trajectories(**given)

    write_text(args.output, pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False, lineterminator="\n"))
    write_json(args.metrics, three_errors.agreement(rows))
    write_manifest(
        args.manifest,
        kind="three errors",
        files=[args.output, args.metrics],
        parents=[],
        code=args.code,
        libraries=("numpy", "scipy"),
        options=given,
    )
    work.finish()
