"""Simulate the statistical, the expressivity and the approximation error, one at a time and together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from collapse.artefacts import write_json, write_manifest, write_text
from collapse.seeds import derive_seed
from collapse.theory import three_errors
from collapse.theory.monte_carlo import beyond, summary
from scripts.shared import job
from scripts.shared.timer import Timer

COLUMNS = ["error", "generation", "exact", "simulated", "standard_error", "q05", "median", "q95", "chains"]


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    for name in ("chains", "samples", "generations", "steps", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("separation", "step-size"):
        parser.add_argument(f"--{name}", type=float, required=True)
    parser.add_argument("--output", type=Path, required=True, help="CSV")
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    rows: list[dict] = []
    with work:
        for name, setting in three_errors.SETTINGS.items():
            truth = three_errors.Truth(args.separation if setting.expressivity else 0.0)
            kept = (1 - args.step_size) ** args.steps if setting.approximation else 0.0
            coupling = truth.coupling()
            exact = setting.exact(coupling, kept, args.samples, args.generations)
            models = three_errors.simulate(
                truth,
                finite=setting.statistical,
                kept=kept,
                chains=args.chains,
                samples=args.samples,
                rng=np.random.default_rng(derive_seed(args.seed, "three errors", name)),
            )
            for generation in range(1, args.generations + 1):
                distances = three_errors.w2_squared(*next(models), coupling)
                row = {"error": name, "generation": generation, "chains": len(distances), **summary(distances)}
                rows.append(row | {"exact": None if exact is None else float(exact[generation - 1])})

    write_text(args.output, pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False, lineterminator="\n"))
    drawn = [row for row in rows if row["exact"] is not None and row["standard_error"] > 0]
    certain = [row for row in rows if row["exact"] is not None and row["standard_error"] == 0]
    metrics: dict = {
        "rows": len(drawn),
        "rows_beyond_3_standard_errors": sum(beyond(row) for row in drawn),
        "largest_difference_without_draws": max(abs(row["exact"] - row["simulated"]) for row in certain),
    }
    for name in three_errors.SETTINGS:
        seen = {row["generation"]: row["simulated"] for row in rows if row["error"] == name}
        metrics[name] = {f"generation{one}": seen[one] for one in (1, args.generations)}
    write_json(args.metrics, metrics)
    write_manifest(
        args.manifest,
        kind="three errors",
        files=[args.output, args.metrics],
        parents=[],
        code=args.code,
        libraries=("numpy", "scipy"),
        options={
            name: getattr(args, name)
            for name in ("chains", "samples", "generations", "steps", "seed", "separation", "step_size")
        },
    )
    work.finish()


if __name__ == "__main__":
    job.run(main)
