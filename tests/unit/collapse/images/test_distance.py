import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from collapse.images.distance import features_and_classes, frechet_distance, train_classifier


def random_features(rows: int, columns: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(columns, columns, generator=generator, dtype=torch.float64)
    return torch.randn(rows, columns, generator=generator, dtype=torch.float64) @ mixing


def test_distance_is_the_formula_with_scipys_matrix_root():
    a, b = random_features(200, 8, 1), random_features(150, 8, 2) + 0.3
    covariance_a, covariance_b = np.cov(a.numpy(), rowvar=False), np.cov(b.numpy(), rowvar=False)
    root = sqrtm(covariance_a @ covariance_b).real
    expected = (a.mean(0) - b.mean(0)).square().sum() + np.trace(covariance_a + covariance_b - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(float(expected), rel=1e-9)


def test_equal_sets_are_at_distance_zero_and_a_shift_counts_squared():
    a = random_features(100, 5, 3)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-10)
    assert frechet_distance(a, a + torch.tensor([3.0, 0, 0, 0, 4.0])) == pytest.approx(25, rel=1e-10)


def test_gaussians_along_one_axis_differ_by_their_standard_deviations():
    # N(0, 2²) and N(0, 5²), exactly: ±σ with the unbiased variance of four points
    points = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]]) * (3 / 4) ** 0.5
    assert frechet_distance(2 * points, 5 * points) == pytest.approx(9, rel=1e-6)


@pytest.mark.parametrize("rows", [2, 3, 100])
def test_degenerate_covariances_do_no_harm(rows):
    constant = torch.ones(rows, 6)
    spread = random_features(100, 6, 4)
    assert frechet_distance(constant, constant) == 0
    expected = (spread.mean(0) - 1).square().sum() + spread.var(0).sum()
    assert frechet_distance(constant, spread) == pytest.approx(expected.item(), rel=1e-9)
    few = random_features(rows, 6, 5)  # fewer rows than dimensions: a singular covariance
    assert 0 <= frechet_distance(few, few) < 1e-9


def test_a_single_row_is_refused():
    with pytest.raises(ValueError, match="1 and 5 rows"):
        frechet_distance(torch.ones(1, 2), torch.ones(5, 2))


def test_classifier_learns_and_is_the_same_for_the_same_seed():
    labels = torch.arange(120) % 2
    images = torch.zeros(120, 1, 8, 8)
    images[labels == 0, :, :4] = 1
    images[labels == 1, :, 4:] = 1
    one, same, other = (train_classifier(images, labels, 2, epochs=10, seed=seed) for seed in (1, 1, 2))
    features, predicted = features_and_classes(one, images)
    assert features.shape == (120, 64)
    assert (predicted == labels).all()
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.hidden.weight, other.hidden.weight)
