"""Differences between arms and trends over generations as a page, each with its effect, interval and p-values.

Beside them stands what each arm was trained with, since a difference between arms of unequal budgets has two causes.
"""

import html
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from collapse.artefacts import write_text
from scripts.shared import job
from scripts.shared.job import arm_name
from scripts.shared.numerals import number, signed, span
from scripts.shared.page import page


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--summary", type=Path, required=True)
    parser.add_argument("--comparisons", type=Path, required=True)
    parser.add_argument("--trends", type=Path, required=True)
    parser.add_argument("--confidence", type=float, required=True)
    parser.add_argument("--output", type=Path, required=True, help="HTML; the caption goes beside it")
    args = parser.parse_args(argv)

    comparisons, trends = pd.read_csv(args.comparisons), pd.read_csv(args.trends)
    budget = budgets(pd.read_csv(args.summary))
    interval = f"{args.confidence:.0%} bootstrap interval"
    body = [
        "<h2>What a generation was trained with</h2>",
        *lines(("arm", *BUDGET), [(arm_name(arm), *map(said, ends)) for arm, ends in budget.items()]),
        "<h2>Between arms</h2>",
        *between(comparisons, interval),
        "<h2>Over generations</h2>",
        *over(trends, interval),
    ]
    write_text(args.output, page("Comparisons and trends", "\n".join(body)))
    write_text(args.output.with_suffix(".rst"), caption(comparisons, trends, budget, args.confidence))


BUDGET = ("steps", "tokens")
Budgets = dict[str, list[tuple[float, float]]]  # of an arm, the least and the most that a generation took of each


def budgets(summary: pd.DataFrame) -> Budgets:
    """Steps and tokens of a generation's training, of every arm."""
    found = {}
    for arm, rows in summary.groupby("arm", sort=False):
        values = [rows.loc[rows["metric"] == f"training_{name}", "value"] for name in BUDGET]
        found[str(arm)] = [(one.min(), one.max()) for one in values]
    return found


def said(ends: tuple[float, float]) -> str:
    least, most = ends
    return f"{least:,.0f}" if least == most else f"{least:,.0f} to {most:,.0f}"


def held(budget: Budgets) -> str:
    """Which of steps and tokens are the same for all generations of all arms."""
    same: list[str] = []
    other: list[str] = []
    for index, name in enumerate(BUDGET):
        least, most = min(ends[index][0] for ends in budget.values()), max(ends[index][1] for ends in budget.values())
        (same if least == most else other).append(f"{said((least, most))} {name}")
    parts = [f"every generation of every arm was trained with {' and '.join(same)}"] if same else []
    parts += [f"the budget is not held equal: {' and '.join(other)}"] if other else []
    return "; ".join(parts)


P_VALUES = ("p", "least p possible", "p after Holm", "least possible")


def between(table: pd.DataFrame, interval: str) -> list[str]:
    """Differences between arms, a row each."""
    if table.empty:
        return ["<p>One arm: there is nothing to compare."]
    rows = [
        (
            f"{arm_name(row['first'])} less {arm_name(row['second'])}",
            f"{row['metric']}, {'change since generation 0' if row['compared'] == 'change' else 'last generation'}",
            f"{row['pairs']}",
            signed(row["difference"]),
            span(row["low"], row["high"]),
            *p_values(row),
        )
        for row in table.to_dict("records")
    ]
    return lines(("arms", "measure", "pairs", "mean difference", interval, *P_VALUES), rows)


def over(table: pd.DataFrame, interval: str) -> list[str]:
    """Trends over generations, a row each."""
    rows = [
        (
            arm_name(row["arm"]),
            row["metric"],
            f"{row['seeds']}",
            signed(row["slope"]),
            span(row["low"], row["high"]),
            signed(row["tau"]),
            *p_values(row),
            number(row["page_p"]),
            number(row["page_p_holm"]),
        )
        for row in table.to_dict("records")
    ]
    header = ("arm", "measure", "seeds", "slope a generation", interval, "Kendall's τ", *P_VALUES)
    return lines((*header, "p by Page", "after Holm"), rows)


def p_values(row: dict) -> tuple[str, ...]:
    return tuple(number(row[name]) for name in ("p", "least_p", "p_holm", "least_p_holm"))


def lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(tag: str, cells: Sequence[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(one)}" for one in cells) + "</tr>"

    return ["<table>", line("th", header), *(line("td", row) for row in rows), "</table>"]


def caption(comparisons: pd.DataFrame, trends: pd.DataFrame, budget: Budgets, confidence: float) -> str:
    level, counted = 1 - confidence, []
    for name, table in (("comparisons between arms", comparisons), ("trends over generations", trends)):
        tested = table[table["p"].notna()]
        if tested.empty:
            counted.append(f"there are no {name} to test")
            continue
        counted.append(
            f"of {len(tested)} {name}, {int((tested['p_holm'] <= level).sum())} have p ≤ {level:.2g} after Holm's "
            f"correction over all of them; the least p that was possible is {number(tested['least_p'].min())}, after "
            f"correction {number(tested['least_p_holm'].min())}"
        )
    return (
        f"**Comparisons and trends**: {'; '.join(counted)}. Budget: {held(budget)}. Seeds are the replicates: two "
        "arms are compared seed by seed, and a trend is one slope a seed, both by flipping signs. Page's test has more "
        "power, but takes any order of generations to be alike under its null hypothesis, which a chain that wanders "
        "breaks.\n"
    )


if __name__ == "__main__":
    job.run(main)
