"""Modes of human text, and whether synthetic text keeps them apart.

Shumailov et al. (doi 10.1038/s41586-024-07566-y) describe late collapse as modes that get entangled. Here a mode is a
stretch of the human text: neighbouring blocks are about the same thing.
"""

import numpy as np


def stretches(rows: np.ndarray, blocks: int, modes: int) -> np.ndarray:
    """Mode of each row, (rows,), where a text of `blocks` blocks is cut into `modes` stretches of equal length."""
    return rows * modes // blocks


def mode_accuracy(human: np.ndarray, states: np.ndarray, mode: np.ndarray, leave_one_out: bool = False) -> float:
    """Share of rows whose state is nearest, by cosine, to the mean human state of its own mode: 1 / modes by chance.

    `human` and `states` are (rows, width), both about the human mean; row i of each belongs to `mode[i]` of 0, 1, …
    With `leave_one_out`, for the human states themselves, each row is left out of the mean of its own mode.
    """
    human, states = _scaled(human), _scaled(states)
    members = np.arange(mode.max() + 1)[:, None] == mode  # (modes, rows)
    sums = members @ human
    likeness = states @ _scaled(sums).T
    if leave_one_out:
        own = (states * _scaled(sums[mode] - human)).sum(1)
        likeness = np.where(members.T, own[:, None], likeness)
    return float((likeness.argmax(1) == mode).mean())


def _scaled(rows: np.ndarray) -> np.ndarray:
    """Rows of length one; zero stays zero."""
    rows = rows.astype(np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length == 0, 1, length)
