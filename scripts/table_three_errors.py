"""Write the table of the three errors: theory beside simulation."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from collapse.artefacts import write_text
from collapse.theory.three_errors import SETTINGS
from scripts.shared import job
from scripts.shared.page import page
from scripts.shared.theory import agreement


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--errors", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="HTML; the caption goes beside it")
    args = parser.parse_args(argv)

    table = pd.read_csv(args.errors)
    last = int(table["generation"].max())
    lines = []
    for error, setting in SETTINGS.items():
        rows = table.loc[table["error"] == error].set_index("generation")
        exact = rows["exact"]
        cells = [
            error,
            f"the squared distance {setting.theory}",
            *(number(exact[one]) for one in (1, last)),
            *(f"{number(rows['simulated'][one])} ± {rows['standard_error'][one]:.1g}" for one in (1, last)),
        ]
        lines.append("<tr>" + "".join(f"<td>{cell}" for cell in cells))
    header = "".join(
        f"<th>{name}"
        for name in ("error", "theory", "exact, 1", f"exact, {last}", "seen, generation 1", f"seen, generation {last}")
    )
    write_text(args.output, page("The three errors", f"<table><tr>{header}\n" + "\n".join(lines) + "</table>"))
    write_text(
        args.output.with_suffix(".rst"),
        "**The three errors**: squared 2-Wasserstein distance to a truth of variance 1. "
        f"{agreement(job.read_json(args.metrics))}\n",
    )


def number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.3g}"


if __name__ == "__main__":
    job.run(main)
