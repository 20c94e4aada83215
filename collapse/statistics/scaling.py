"""Scaling law: the exponent of a power law of the risk in the size of the training set."""

from collections.abc import Sequence

import numpy as np


def scaling_exponent(sizes: Sequence[float], risks: Sequence[float]) -> float:
    """α of the power law risk ∝ size^−α that fits best on logarithmic axes (least squares).

    `risks` are losses in nats of models that differ in the size of their training set alone; both are positive. At
    few sizes α also takes up what a constant (the entropy of the text) adds to the risk, so it is smaller than that of
    a law with one. ValueError if there are not at least two sizes.
    """
    x, y = np.log(np.asarray(sizes, dtype=float)), np.log(np.asarray(risks, dtype=float))
    if np.ptp(x) == 0:
        raise ValueError(f"sizes {[*sizes]}: a power law needs at least two")
    return float(-np.polyfit(x, y, 1)[0])
