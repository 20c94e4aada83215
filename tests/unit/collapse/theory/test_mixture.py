"""Batched EM equals scikit-learn's EM, chains are independent, and closed forms equal quadrature."""

import numpy as np
import pytest
import torch
import yaml
from sklearn.mixture import GaussianMixture

from collapse.theory import mixture
from collapse.theory.mixture import ORIGINALS, STARTS, Mixtures, fit, l2_distance, sample, stated, total_variance
from tests.project import ROOT

EM = {"tolerance": 1e-5, "max_iterations": 2000, "regularization": 1e-6}


def points(chains: int, size: int, seed: int = 1) -> torch.Tensor:
    return sample(stated(ORIGINALS["overlapping"], chains), size, np.random.default_rng(seed))


@pytest.mark.parametrize("original", ORIGINALS)
def test_a_fit_is_that_of_scikit_learn_from_the_same_start(original):
    data = sample(stated(ORIGINALS[original], 3), 400, np.random.default_rng(2))
    start = STARTS[original]
    found = fit(data, stated(start, 3), **EM)
    for chain in range(3):
        peer = GaussianMixture(
            2, tol=1e-5, max_iter=2000, weights_init=start[0], means_init=start[1],
            precisions_init=np.linalg.inv(np.array(start[2])),
        ).fit(data[chain].T.numpy())  # fmt: skip
        assert peer.converged_
        for ours, theirs in (("weights", peer.weights_), ("means", peer.means_), ("covariances", peer.covariances_)):
            assert getattr(found, ours)[chain].numpy() == pytest.approx(theirs, abs=1e-10), ours


def test_the_default_tolerance_lets_em_arrive_where_that_of_the_released_code_does_not():
    start = stated(STARTS["overlapping"], 20)
    data = points(20, 10_000, seed=9)
    default = yaml.safe_load((ROOT / "config.yaml").read_text())["mixture"]["tolerance"]
    fits = [fit(data, start, tolerance, 5000, 1e-6).weights for tolerance in (1e-5, default, 1e-11)]
    steps = [float((weights - start.weights).abs().mean()) for weights in fits]
    assert steps[0] < 0.8 * steps[2] < 0.85 * steps[2] < steps[1]


def test_chains_do_not_depend_on_those_beside_them(monkeypatch):
    data, start = points(6, 100), stated(STARTS["overlapping"], 6)
    together = fit(data, start, **EM)
    monkeypatch.setattr(mixture, "POINTS_AT_ONCE", 200)
    apart = fit(data, start, **EM)
    for name in mixture.FIELDS:
        assert getattr(together, name).numpy() == pytest.approx(getattr(apart, name).numpy(), abs=1e-12)


def test_a_degenerate_covariance_is_absorbed_and_not_nan():
    data = points(3, 50)
    data[1] = data[1, :, :1]  # every point the same
    data[2, 1] = data[2, 0]  # all on a line
    found = fit(data, stated(STARTS["overlapping"], 3), **EM)
    assert found.absorbed.tolist() == [False, True, True]
    for name in ("weights", "means", "covariances"):
        assert torch.isfinite(getattr(found, name)).all()
    again = fit(points(3, 50, seed=5), found, **EM)
    assert torch.equal(again.means[1:], found.means[1:])  # it stays as it is
    without = fit(points(20, 3), stated(STARTS["overlapping"], 20), tolerance=1e-5, max_iterations=50, regularization=0)
    assert without.absorbed.any()  # three points are too few for two covariances
    assert torch.isfinite(without.covariances).all()


def test_a_chain_that_has_shrunk_is_fitted_as_well_as_a_wide_one():
    data, start = points(4, 300), stated(STARTS["overlapping"], 4)
    matrix, shift = 1e-9 * torch.eye(2, dtype=torch.float64).expand(4, 2, 2), torch.ones(4, 2, 1, dtype=torch.float64)
    small = fit(matrix @ data + shift, start.transform(matrix, shift), 1e-5, 2000, 0)
    wide = fit(data, start, 1e-5, 2000, 0).transform(matrix, shift)
    assert (small.covariances / wide.covariances).numpy() == pytest.approx(1, rel=1e-5)


def test_a_sample_has_the_moments_of_its_mixture():
    truth = stated(ORIGINALS["overlapping"], 1)
    data = points(1, 200_000)[0]
    assert float(data.var(1).sum()) == pytest.approx(float(total_variance(truth)), rel=0.01)
    assert data.mean(1).numpy() == pytest.approx([0, 0], abs=0.02)


def test_the_distance_is_the_integral_of_the_squared_difference():
    first = stated(ORIGINALS["overlapping"], 1)
    second = fit(points(1, 60), first, **EM)
    axis = torch.linspace(-9, 9, 601, dtype=torch.float64)
    gap = mixture.density(first, axis, axis) - mixture.density(second, axis, axis)
    cell = float(axis[1] - axis[0]) ** 2
    assert float(l2_distance(first, second)) == pytest.approx(float((gap**2).sum() * cell) ** 0.5, rel=1e-6)
    assert float(mixture.density(first, axis, axis).sum() * cell) == pytest.approx(1)
    assert float(l2_distance(first, first)) == pytest.approx(0, abs=1e-7)


def test_a_narrow_mixture_is_far_from_the_original():
    narrow = stated(([0.5, 0.5], [[0.0, 0.0]] * 2, [[[1e-6, 0.0], [0.0, 1e-6]]] * 2), 1)
    assert isinstance(narrow, Mixtures)
    # the integral of its square is 1 / (4π · 1e-6)
    found = float(l2_distance(stated(ORIGINALS["blob"], 1), narrow))
    assert found == pytest.approx((1 / (4e-6 * np.pi)) ** 0.5, rel=1e-3)
