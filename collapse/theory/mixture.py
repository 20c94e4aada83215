"""Mixtures of Gaussians in the plane, sampled and refitted by expectation–maximisation (EM), many chains at a time.

EM (Dempster, Laird & Rubin 1977) with full covariances. The log-density of a Gaussian is linear in the features
1, x, y, x²/2, xy, y²/2 of a point, and the M step needs of the points the sums of these features, weighted by
responsibility. So an iteration over all chains is two batched matrix products with a logistic function between them.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

FIELDS = ("weights", "means", "covariances", "absorbed")
POINTS_AT_ONCE = 131_072  # of all chains together: enough to outweigh the cost of a call, few enough for the cache
SMALL_SHARE = 1e-6
SMALLEST_SD = 1e-100  # a chain narrower than this is absorbed: its squares would leave the range of numbers


@dataclass(frozen=True)
class Mixtures:
    """One mixture of two Gaussians a chain: weights (chains, 2), means (chains, 2, 2), covariances (chains, 2, 2, 2).

    `absorbed`, (chains,) bool: the chain's covariances became singular; it stays as it is from there.
    """

    weights: Tensor
    means: Tensor
    covariances: Tensor
    absorbed: Tensor

    def transform(self, matrix: Tensor, shift: Tensor) -> "Mixtures":
        """Mixtures of the points matrix · x + shift; `matrix` is (chains, 2, 2), `shift` (chains, 2, 1)."""
        means = (matrix[:, None] @ self.means[..., None] + shift[:, None])[..., 0]
        covariances = matrix[:, None] @ self.covariances @ matrix[:, None].mT
        return Mixtures(self.weights, means, (covariances + covariances.mT) / 2, self.absorbed)

    def regular(self) -> Tensor:
        """Which chains, (chains,) bool, have finite parameters and positive definite covariances."""
        a, b, c = self.covariances[..., 0, 0], self.covariances[..., 0, 1], self.covariances[..., 1, 1]
        return ((a > 0) & (a * c > b * b) & torch.isfinite(self.means.sum(-1))).all(1)

    def __getitem__(self, chains: Tensor | slice) -> "Mixtures":
        return Mixtures(self.weights[chains], self.means[chains], self.covariances[chains], self.absorbed[chains])


Parts = tuple[list[Any], list[Any], list[Any]]  # weights (2,), means (2, 2), covariances (2, 2, 2)

# The true mixture, and where the first EM starts. Two Gaussians that overlap, as the paper says, and one blob, as its
# released code has it, still fitted by two Gaussians. From two equal Gaussians EM would never tell them apart.
ORIGINALS: dict[str, Parts] = {
    "overlapping": (
        [0.5, 0.5],
        [[-1.2, -0.6], [1.2, 0.6]],
        [[[1.0, -0.4], [-0.4, 0.7]], [[0.7, 0.4], [0.4, 1.0]]],
    ),
    "blob": ([0.5, 0.5], [[0.0, 0.0], [0.0, 0.0]], [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]),
}
STARTS = {
    "overlapping": ORIGINALS["overlapping"],
    "blob": ([0.5, 0.5], [[-0.5, 0.0], [0.5, 0.0]], [[[0.75, 0.0], [0.0, 1.0]], [[0.75, 0.0], [0.0, 1.0]]]),
}


def stated(parts: Parts, chains: int) -> Mixtures:
    """A mixture of ORIGINALS or STARTS, once a chain."""
    weights, means, covariances = (
        torch.tensor(part, dtype=torch.float64).expand(chains, *np.shape(part)).clone() for part in parts
    )
    return Mixtures(weights, means, covariances, torch.zeros(chains, dtype=torch.bool))


def sample(mixtures: Mixtures, size: int, rng: np.random.Generator) -> Tensor:
    """Points (chains, 2, size) of each mixture, those of the first component first."""
    chains = len(mixtures.weights)
    counts = torch.from_numpy(rng.binomial(size, mixtures.weights[:, 0].clamp(0, 1).numpy()))
    second = torch.arange(size) >= counts[:, None]
    noise = torch.from_numpy(rng.standard_normal((2, chains, size)))
    drawn = torch.empty(chains, 2, size, dtype=torch.float64)
    factors = torch.linalg.cholesky_ex(mixtures.covariances).L
    for one, points in ((0, ~second), (1, second)):
        (xx, _), (yx, yy) = factors[:, one, 0].unbind(1), factors[:, one, 1].unbind(1)
        mx, my = mixtures.means[:, one].unbind(1)
        # element by element: matrix libraries may round by where numpy's memory happens to lie
        drawn[:, 0] = torch.where(points, mx[:, None] + xx[:, None] * noise[0], drawn[:, 0])
        drawn[:, 1] = torch.where(points, my[:, None] + yx[:, None] * noise[0] + yy[:, None] * noise[1], drawn[:, 1])
    return drawn


def fit(points: Tensor, start: Mixtures, tolerance: float, max_iterations: int, regularization: float) -> Mixtures:
    """EM from `start` on points (chains, 2, size), every chain until its mean log-likelihood grows by less than
    `tolerance` or `max_iterations` are done; `regularization` is added to the diagonal of every covariance.

    The same iteration, stop and regularization as scikit-learn's GaussianMixture. A chain whose covariances are
    singular is given back as it was started, marked absorbed.
    """
    at_once = max(1, POINTS_AT_ONCE // points.shape[2])
    parts = [
        fit_chunk(
            points[first : first + at_once], start[first : first + at_once], tolerance, max_iterations, regularization
        )
        for first in range(0, len(points), at_once)
    ]
    return Mixtures(*(torch.cat([getattr(part, name) for part in parts]) for name in FIELDS))


def fit_chunk(
    points: Tensor, start: Mixtures, tolerance: float, max_iterations: int, regularization: float
) -> Mixtures:
    """`fit` of chains whose features fit the processor's cache together."""
    size = points.shape[2]
    # EM commutes with affine maps: in coordinates where each sample has mean 0 and covariance 1, sums of squares lose
    # no digits however far a chain has collapsed
    centre = points.mean(2, keepdim=True)
    centred = points - centre
    total = centred @ centred.mT / size
    scale, failed = torch.linalg.cholesky_ex(total)
    absorbed = start.absorbed | (failed > 0) | (torch.diagonal(scale, dim1=1, dim2=2).amin(1) < SMALLEST_SD)
    active = torch.nonzero(~absorbed)[:, 0]
    result = {name: getattr(start, name).clone() for name in FIELDS}
    result["absorbed"] |= absorbed
    if not len(active):
        return Mixtures(**result)
    to_white = torch.linalg.inv(scale[active])
    white = start[active].transform(to_white, -(to_white @ centre[active]))
    floor = regularization * (to_white @ to_white.mT)[:, None]
    phi = features(to_white @ centred[active])
    sums = phi.sum(2)
    likelihood = torch.full((len(active),), -torch.inf, dtype=torch.float64)
    running = torch.ones(len(active), dtype=torch.bool)
    for iteration in range(1, max_iterations + 1):
        first, second = coefficients(white).unbind(1)
        # log-odds of the first component; its share is enough, since both shares add up to the sums over all points
        odds = torch.bmm((first - second)[:, None], phi)
        share = torch.sigmoid(odds)
        before = likelihood
        likelihood = ((second * sums).sum(1) + log_one_plus_exp(odds[:, 0], share[:, 0])) / size
        of_first = torch.bmm(share, phi.mT)
        both = torch.cat([of_first, sums[:, None] - of_first], dim=1)
        few = torch.nonzero(both[:, 1, 0] < SMALL_SHARE * size)[:, 0]  # the difference would be rounding errors
        if len(few):
            both[few, 1] = torch.bmm(torch.sigmoid(-odds[few]), phi[few].mT)[:, 0]
        updated = from_sums(both, floor)
        singular = running & ~updated.regular()
        done = running & ~singular & (((likelihood - before).abs() < tolerance) | (iteration == max_iterations))
        white = updated
        result["absorbed"][active[singular]] = True
        if done.any():
            rows = active[done]
            finished = white[done].transform(scale[rows], centre[rows])
            for name in ("weights", "means", "covariances"):
                result[name][rows] = getattr(finished, name)
        running &= ~(done | singular)
        left = int(running.sum())
        if left == 0:
            break
        if 2 * left <= len(running):  # copying the rest costs as much as an iteration
            active, white, likelihood = active[running], white[running], likelihood[running]
            phi, sums, floor, running = phi[running], sums[running], floor[running], running[running]
    return Mixtures(**result)


def features(points: Tensor) -> Tensor:
    """(chains, 6, size): 1, x, y, x²/2, xy, y²/2 of points (chains, 2, size)."""
    x, y = points[:, 0], points[:, 1]
    return torch.stack([torch.ones_like(x), x, y, 0.5 * x * x, x * y, 0.5 * y * y], dim=1)


def coefficients(mixtures: Mixtures) -> Tensor:
    """(chains, 2, 6): log(weight × density) of each component, linear in `features`; without the constant log 2π."""
    a, b, c = mixtures.covariances[..., 0, 0], mixtures.covariances[..., 0, 1], mixtures.covariances[..., 1, 1]
    determinant = a * c - b * b
    p, q, r = c / determinant, -b / determinant, a / determinant  # the precision matrix [[p, q], [q, r]]
    mx, my = mixtures.means[..., 0], mixtures.means[..., 1]
    linear_x, linear_y = p * mx + q * my, q * mx + r * my
    constant = torch.log(mixtures.weights) - 0.5 * (torch.log(determinant) + linear_x * mx + linear_y * my)
    return torch.stack([constant, linear_x, linear_y, -p, -q, -r], dim=-1)


def log_one_plus_exp(odds: Tensor, share: Tensor) -> Tensor:
    """Sum of log(1 + exp(odds)) over the points of each chain, given share = 1 / (1 + exp(−odds)).

    It is max(odds, 0) − log of the larger share; larger shares are at least 1/2, so that hundreds can be multiplied
    before one logarithm is taken.
    """
    larger = torch.maximum(share, 1 - share)
    block = next(width for width in range(min(500, larger.shape[1]), 0, -1) if larger.shape[1] % width == 0)
    logs = torch.log(larger.unflatten(1, (-1, block)).prod(2))
    return odds.clamp_min(0).sum(1) - logs.sum(1)


def from_sums(sums: Tensor, floor: Tensor) -> Mixtures:
    """The M step, from responsibility-weighted sums of features (chains, 2, 6); `floor` is added to covariances."""
    count = sums[..., 0] + 10 * torch.finfo(torch.float64).eps
    means = sums[..., 1:3] / count[..., None]
    mx, my = means[..., 0], means[..., 1]
    xx = 2 * sums[..., 3] / count - mx * mx
    xy = sums[..., 4] / count - mx * my
    yy = 2 * sums[..., 5] / count - my * my
    covariances = torch.stack([xx, xy, xy, yy], dim=-1).unflatten(-1, (2, 2)) + floor
    weights = count / count.sum(1, keepdim=True)
    return Mixtures(weights, means, covariances, torch.zeros(len(sums), dtype=torch.bool))


def total_variance(mixtures: Mixtures) -> Tensor:
    """Trace of the covariance of each mixture, (chains,)."""
    weights, means = mixtures.weights[..., None], mixtures.means
    within = (mixtures.weights * torch.diagonal(mixtures.covariances, dim1=2, dim2=3).sum(2)).sum(1)
    between = (weights * (means - (weights * means).sum(1, keepdim=True)) ** 2).sum((1, 2))
    return within + between


def l2_distance(first: Mixtures, second: Mixtures) -> Tensor:
    """Root of the integrated squared difference of the densities, (chains,), in closed form.

    The integral of a product of two Gaussian densities is the density of N(0, Σ₁ + Σ₂) at the difference of the means.
    """
    squared = overlap(first, first) + overlap(second, second) - 2 * overlap(first, second)
    return squared.clamp_min(0).sqrt()


def overlap(first: Mixtures, second: Mixtures) -> Tensor:
    """Integral of the product of the two densities, (chains,)."""
    gap = first.means[:, :, None] - second.means[:, None]
    covariance = first.covariances[:, :, None] + second.covariances[:, None]
    a, b, c = covariance[..., 0, 0], covariance[..., 0, 1], covariance[..., 1, 1]
    determinant = a * c - b * b
    squares = (c * gap[..., 0] ** 2 - 2 * b * gap[..., 0] * gap[..., 1] + a * gap[..., 1] ** 2) / determinant
    density = torch.exp(-0.5 * squares) / (2 * math.pi * determinant.sqrt())
    return (first.weights[:, :, None] * second.weights[:, None] * density).sum((1, 2))


def density(mixtures: Mixtures, x: Tensor, y: Tensor) -> Tensor:
    """Densities of each mixture at the points of a grid: (chains, len(y), len(x))."""
    grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1]).flatten(1).double()
    logs = coefficients(mixtures) @ features(grid[None])[0]
    densities: Tensor = (torch.logsumexp(logs, 1).exp() / (2 * math.pi)).unflatten(1, (len(y), len(x)))
    return densities
