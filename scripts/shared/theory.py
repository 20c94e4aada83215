"""Tables of simulated chains beside theory, and a sentence on them for captions."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from collapse.artefacts import write_text
from collapse.theory.monte_carlo import QUANTILES

COLUMNS = [
    *("quantity", "samples", "generation", "exact", "approximate", "simulated", "standard_error", "comparable"),
    *QUANTILES,
    *(f"{name}_lognormal" for name in QUANTILES),
]
THEORY = ["quantity", "samples", "generation", "exact", "simulated", "standard_error"]


def write_trajectory(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the CSV of one job's chains: a row for each quantity and generation, missing values empty."""
    write_text(path, pd.DataFrame(list(rows), columns=COLUMNS).to_csv(index=False, lineterminator="\n"))


def agreement(metrics: Mapping[str, Any]) -> str:
    """Compare exact values and simulated means of the three errors in a sentence."""
    return (
        f"Of {metrics['rows']} exact expectations {metrics['rows_beyond_3_standard_errors']} lie beyond 3 standard "
        "errors of the simulated mean; where nothing is drawn, theory and simulation differ by at most "
        f"{metrics['largest_difference_without_draws']:.0e}."
    )
