"""Rows of a tidy table."""

from typing import Any

import pandas as pd


def select(table: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """The rows whose columns have these values, in the order of the table."""
    for column, value in values.items():
        table = table.loc[table[column] == value]
    return table
