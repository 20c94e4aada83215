"""Refitted normal distributions follow their closed forms. Directly drawn summaries match those of real points."""

from itertools import islice

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.stats import ks_2samp

from collapse.theory import gaussian
from collapse.theory.gaussian import DRAWS, Fit, Summary, exact, lower_factor, measures, simulate, variants

VARIANTS = variants(superlinear_exponent=1.5, real_fraction=0.1)


def run(name: str, *, chains: int, dimensions: int, samples: int, generation: int, draws: str = "summaries") -> Fit:
    fits = simulate(VARIANTS[name], DRAWS[draws], chains, dimensions, samples, np.random.default_rng(3))
    return next(islice(fits, generation - 1, None))


@pytest.mark.parametrize("dimensions", [1, 3])
@pytest.mark.parametrize("name", VARIANTS)
def test_every_closed_form_is_met(name, dimensions):
    for generation in (1, 8, 20):
        found = measures(run(name, chains=20_000, dimensions=dimensions, samples=20, generation=generation))
        for quantity, values in exact(VARIANTS[name], dimensions, 20, generation).items():
            if quantity in found:
                error = found[quantity].std() / 20_000**0.5
                assert abs(found[quantity].mean() - values[-1]) < 3.5 * error, (quantity, generation)


def test_a_biased_variance_would_be_seen():
    """The bound of the test above rejects a divisor that is wrong by one in M."""
    found = measures(run("biased", chains=20_000, dimensions=1, samples=20, generation=8))["variance"]
    wrong = exact(VARIANTS["unbiased"], 1, 20, 8)["variance"][-1]
    assert abs(found.mean() - wrong) > 10 * found.std() / 20_000**0.5


def test_published_values_of_the_distance():
    found = exact(VARIANTS["unbiased"], 1, 20, 40)
    assert found["w2_squared"][[0, 9, 39]] == pytest.approx([0.076, 0.746, 2.82], abs=5e-3)
    spread = np.exp(found["log_generalized_variance"][-1])
    assert spread == pytest.approx(0.117, abs=1e-3)  # median σ² of a chain whose mean σ² is one


@pytest.mark.parametrize("dimensions", [1, 3])
def test_summaries_and_points_have_one_distribution(dimensions):
    drawn, points = (
        measures(run("unbiased", chains=4000, dimensions=dimensions, samples=8, generation=5, draws=draws))
        for draws in ("summaries", "samples")
    )
    for quantity in ("mean_squared_error", "variance", "w2_squared", "log_generalized_variance"):
        assert ks_2samp(drawn[quantity], points[quantity]).pvalue > 1e-3, quantity


def test_merged_summaries_are_those_of_the_joined_points():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(5, 3)), rng.normal(2, 3, size=(7, 3))

    def summary(points):
        centred = points - points.mean(0)
        return Summary(len(points), points.mean(0)[None], lower_factor((centred.T @ centred)[None]))

    fit = summary(first).merge(summary(second)).fit()
    joined = np.concatenate([first, second])
    assert fit.mean[0] == pytest.approx(joined.mean(0))
    assert fit.factor[0] @ fit.factor[0].T == pytest.approx(np.cov(joined.T))


def test_the_distance_is_that_of_two_normal_distributions():
    rng = np.random.default_rng(1)
    factor = np.tril(rng.normal(size=(3, 3)))
    mean, covariance = rng.normal(size=3), factor @ factor.T
    expected = (mean**2).sum() + np.trace(np.eye(3) + covariance - 2 * sqrtm(covariance).real)
    assert measures(Fit(mean[None], factor[None]))["w2_squared"][0] == pytest.approx(expected)


def test_a_chain_that_vanishes_is_absorbed_and_not_nan():
    found = measures(run("unbiased", chains=50, dimensions=1, samples=2, generation=2000))
    assert found["absorbed"].all()
    assert all(np.isfinite(values).all() for values in found.values())


def test_accumulated_error_stays_below_its_bound():
    """Var(mean) ≤ π²/6 of the first fit's (Gerstgrasser et al. 2024), where replacing grows linearly."""
    both = ("accumulate", "unbiased")
    accumulate, replace = (exact(VARIANTS[name], 1, 100, 1000)["mean_squared_error"] for name in both)
    assert accumulate.max() < np.pi**2 / 6 / 100
    assert replace[-1] == pytest.approx(1000 / 100)


def test_approximations_of_the_deviation_are_those_of_a_lognormal_variable():
    centre, spread = -0.3, 0.4
    known = {"log_generalized_variance": 2 * centre, "log_generalized_variance_variance": 4 * spread**2}
    drawn = np.exp(centre + spread * np.random.default_rng(0).standard_normal(400_000))
    assert gaussian.approximations("sd_error", known)["approximate"] == pytest.approx(abs(1 - drawn).mean(), rel=0.01)
    found = gaussian.approximations("sd", known)
    assert found["median_lognormal"] == pytest.approx(np.exp(centre))
    assert found["q95_lognormal"] == pytest.approx(np.quantile(drawn, 0.95), rel=0.01)
    assert gaussian.approximations("variance", known) == {}


def test_heavy_tailed_quantities_are_compared_no_later_than_generation_m():
    few = {"chains": 5, "dimensions": 1, "samples": 4, "generations": [4, 5], "rng": np.random.default_rng(0)}
    rows = gaussian.trajectory(VARIANTS["unbiased"], gaussian.draw_summaries, **few)
    compared = {(row["quantity"], row["generation"]) for row in rows if row["comparable"]}
    assert ("variance", 4) in compared and ("variance", 5) not in compared
    assert ("log_generalized_variance", 5) in compared
