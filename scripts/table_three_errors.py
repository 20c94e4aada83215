"""Write the table of the three errors: theory beside simulation."""

from typing import Any

import pandas as pd

from collapse.artefacts import write_text
from collapse.theory.three_errors import SETTINGS
from scripts.shared.page import page
from scripts.shared.report_file import report_file
from scripts.shared.rows import select
from scripts.shared.theory import agreement


@report_file(__doc__, write_text)
def main(errors: pd.DataFrame, metrics: dict[str, Any]) -> tuple[str, str]:
    last = int(errors["generation"].max())
    seen = [f"seen, generation {generation}" for generation in (1, last)]
    lines = ["".join(f"<th>{name}" for name in ("error", "theory", "exact, 1", f"exact, {last}", *seen))]
    for error, setting in SETTINGS.items():
        rows = select(errors, error=error).set_index("generation").loc[[1, last]]
        cells = [
            error,
            f"the squared distance {setting.theory}",
            *("–" if pd.isna(exact) else f"{exact:.3g}" for exact in rows["exact"]),
            *(f"{mean:.3g} ± {sd:.1g}" for mean, sd in zip(rows["simulated"], rows["standard_error"], strict=True)),
        ]
        lines.append("".join(f"<td>{cell}" for cell in cells))
    table = "<table><tr>" + "\n<tr>".join(lines) + "</table>"
    return page("The three errors", table), (
        f"**The three errors**: squared 2-Wasserstein distance to a truth of variance 1. {agreement(metrics)}\n"
    )
