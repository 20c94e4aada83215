"""Gather simulated chains into one table, and those with an exact expectation into theory.csv."""

from pathlib import Path

import pandas as pd

from collapse.artefacts import checked_manifest, write_json, write_text
from collapse.theory.monte_carlo import beyond
from scripts.shared.command import command
from scripts.shared.theory import THEORY


@command(__doc__)
def main(
    kind: str, seed: int, chains: int, simulation: list[Path], trajectory: Path, theory: Path, metrics: Path
) -> None:
    tables = []
    for path in simulation:
        manifest = checked_manifest(path.with_name("manifest.json"), kind, {"seed": seed, "chains": chains})
        table = pd.read_csv(path)
        table.insert(0, "setting", manifest["options"]["setting"])
        tables.append(table)
    everything = pd.concat(tables, ignore_index=True)
    compared = everything.loc[everything["comparable"] & everything["exact"].notna()].copy()
    compared["quantity"] = compared["quantity"] + " (" + compared["setting"] + ")"
    compared = compared[THEORY]
    far = [beyond(row) for row in compared.to_dict("records")]
    write_text(trajectory, everything.to_csv(index=False, lineterminator="\n"))
    write_text(theory, compared.to_csv(index=False, lineterminator="\n"))
    write_json(metrics, {"rows": len(far), "rows_beyond_3_standard_errors": sum(far)})
