"""Tables of simulated chains beside theory, shared by the discrete and the Gaussian experiment."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from collapse.artefacts import write_text
from collapse.monte_carlo import QUANTILES, beyond

COLUMNS = [
    *("quantity", "samples", "generation", "exact", "approximate", "simulated", "standard_error", "comparable"),
    *QUANTILES,
    *(f"{name}_lognormal" for name in QUANTILES),
]
THEORY = ["quantity", "samples", "generation", "exact", "simulated", "standard_error"]


def write_trajectory(path: Path, rows: Iterable[Mapping]) -> None:
    """CSV of one job's chains: a row for every quantity and generation, missing values empty."""
    write_text(path, pd.DataFrame(list(rows), columns=COLUMNS).to_csv(index=False, lineterminator="\n"))


def agreement(table: pd.DataFrame) -> str:
    """A sentence: how exact values and simulated means compare."""
    compared = table.loc[table["exact"].notna()].to_dict("records")
    far = sum(beyond(row) for row in compared)
    return f"Of {len(compared)} exact values {far} lie beyond 3 standard errors of the simulated mean."
