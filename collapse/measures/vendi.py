"""Vendi score: the effective number of different vectors in a set."""

import numpy as np


def vendi_score(vectors: np.ndarray) -> float:
    """exp(entropy) of the eigenvalues of K / n, K the cosines of vectors (n, width); 1 if all are alike, at most n.

    Friedman & Dieng 2023, arXiv 2210.02410. With rows of length one, K / n = X Xᵀ / n, which has the same eigenvalues
    as Xᵀ X / n: no n × n matrix is needed.
    """
    rows = vectors.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    product = rows.T @ rows if len(rows) > rows.shape[1] else rows @ rows.T
    eigenvalues = np.linalg.eigvalsh(product / len(rows))
    eigenvalues = eigenvalues[eigenvalues > 0]  # rounding may leave −1e-17
    return float(np.exp(-(eigenvalues * np.log(eigenvalues)).sum()))
