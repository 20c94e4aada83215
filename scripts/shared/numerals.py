"""Numbers as figures, captions and tables print them."""

import pandas as pd

ROUNDING = 1e-12  # what sums of floats leave where the answer is 0


def number(value: float, sign: str = "") -> str:
    """Format to two significant digits, with a true minus; a dash for NaN. With `sign` "+" a plus is always shown."""
    if pd.isna(value):
        return "–"
    return "0" if abs(value) < ROUNDING else f"{value:{sign}.2g}".replace("-", "−")


def signed(value: float) -> str:
    return number(value, "+")


def span(low: float, high: float) -> str:
    return "no interval" if pd.isna(low) else f"{number(low)} to {number(high)}"
