"""Write the page of differences between arms and trends over generations, with effects, intervals and p-values.

The page also gives the training budget of each arm, because a difference between unequal budgets has two causes.
"""

import html
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from collapse.artefacts import write_text
from collapse.statistics.summaries import BUDGET, Ranges, budgets, joint_budget
from scripts.shared.job import arm_name
from scripts.shared.numerals import number, signed, span
from scripts.shared.page import page
from scripts.shared.report_file import report_file
from scripts.shared.summary_table import read_summary

P_VALUES = ("p", "least p possible", "p after Holm", "least possible")


@report_file(__doc__, write_text)
def main(summary: Path, comparisons: pd.DataFrame, trends: pd.DataFrame, confidence: float) -> tuple[str, str]:
    table = read_summary(summary)
    budget = budgets(table.values, table.arms)
    interval = f"{confidence:.0%} bootstrap interval"
    body = [
        "<h2>What a generation was trained with</h2>",
        *lines(
            ("arm", *(name.removeprefix("training_") for name in BUDGET)),
            [(arm_name(arm), *map(format_range, ranges.values())) for arm, ranges in budget.items()],
        ),
        "<h2>Between arms</h2>",
        *between(comparisons, interval),
        "<h2>Over generations</h2>",
        *over(trends, interval),
    ]
    return page("Comparisons and trends", "\n".join(body)), caption(comparisons, trends, budget, confidence)


def format_range(ends: tuple[float, float]) -> str:
    least, most = ends
    return f"{least:,.0f}" if least == most else f"{least:,.0f} to {most:,.0f}"


def equal_budget(budget: Mapping[str, Ranges]) -> str:
    """Say which numbers of the budget are the same for all generations of all arms, and which differ."""
    same: list[str] = []
    other: list[str] = []
    for name, (least, most) in joint_budget(budget).items():
        part = f"{format_range((least, most))} {name.removeprefix('training_')}"
        (same if least == most else other).append(part)
    parts = [f"every generation of every arm was trained with {' and '.join(same)}"] if same else []
    parts += [f"the budget is not held equal: {' and '.join(other)}"] if other else []
    return "; ".join(parts)


def between(table: pd.DataFrame, interval: str) -> list[str]:
    """Make the table of differences between arms, a row each."""
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
    """Make the table of trends over generations, a row each."""
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


def p_values(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    return tuple(number(row[name]) for name in ("p", "least_p", "p_holm", "least_p_holm"))


def lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(tag: str, cells: Sequence[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}" for cell in cells) + "</tr>"

    return ["<table>", line("th", header), *(line("td", row) for row in rows), "</table>"]


def caption(comparisons: pd.DataFrame, trends: pd.DataFrame, budget: Mapping[str, Ranges], confidence: float) -> str:
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
        f"**Comparisons and trends**: {'; '.join(counted)}. Budget: {equal_budget(budget)}. Seeds are the replicates: "
        "two arms are compared seed by seed, and a trend is one slope a seed, both by flipping signs. Page's test has "
        "more power, but takes any order of generations to be alike under its null hypothesis, which a chain that "
        "wanders breaks.\n"
    )
