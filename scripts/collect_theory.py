"""Gather simulated chains into one table, and those with an exact expectation into theory.csv."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from collapse.artefacts import checked_manifest, write_json, write_text
from collapse.theory.monte_carlo import beyond
from scripts.shared import job
from scripts.shared.theory import THEORY


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--kind", required=True, help="kind of the manifests")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--chains", type=int, required=True)
    parser.add_argument("--simulation", type=Path, action="append", required=True, help="its trajectory.csv")
    parser.add_argument("--trajectory", type=Path, required=True)
    parser.add_argument("--theory", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    args = parser.parse_args(argv)

    tables = []
    for path in args.simulation:
        expected = {"seed": args.seed, "chains": args.chains}
        manifest = checked_manifest(path.with_name("manifest.json"), args.kind, expected)
        table = pd.read_csv(path)
        table.insert(0, "setting", manifest["options"]["setting"])
        tables.append(table)
    everything = pd.concat(tables, ignore_index=True)
    compared = everything.loc[everything["comparable"] & everything["exact"].notna()].copy()
    compared["quantity"] = compared["quantity"] + " (" + compared["setting"] + ")"
    compared = compared[THEORY]
    far = [beyond(row) for row in compared.to_dict("records")]
    write_text(args.trajectory, everything.to_csv(index=False, lineterminator="\n"))
    write_text(args.theory, compared.to_csv(index=False, lineterminator="\n"))
    write_json(args.metrics, {"rows": len(far), "rows_beyond_3_standard_errors": sum(far)})
