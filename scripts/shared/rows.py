"""Rows of a tidy table."""

from typing import Any

import pandas as pd

from scripts.shared.job import arm_name


def select(table: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """Select the rows whose columns have these values, in the order of the table."""
    for column, value in values.items():
        table = table.loc[table[column] == value]
    return table


def first_to_last(intervals: pd.DataFrame, metric: str) -> str:
    """Say for each method how a metric's mean changes from generation 0 to the last."""
    sentences = []
    for method, rows in select(intervals, metric=metric).groupby("method", sort=False):
        sentences.append(f"{arm_name(str(method))}: from {rows['mean'].iloc[0]:.3f} to {rows['mean'].iloc[-1]:.3f}")
    return "; ".join(sentences)
