"""Each error alone follows its theory."""

from itertools import islice

import numpy as np
import pytest
from scipy.stats import norm

from collapse.theory import three_errors
from collapse.theory.three_errors import SETTINGS, START, Truth, simulate, stopped, w2_squared

RNG = {"samples": 50, "chains": 20_000}


def distances(name: str, generations: int, kept: float = 0.0, separation: float = 0.9) -> np.ndarray:
    """Return squared distances, (generations, chains)."""
    setting = SETTINGS[name]
    truth = Truth(separation if setting.expressivity else 0.0)
    models = simulate(truth, finite=setting.statistical, kept=kept, rng=np.random.default_rng(2), **RNG)
    return np.array([w2_squared(*model, truth.coupling()) for model in islice(models, generations)])


def test_expressivity_acts_once():
    found = distances("expressivity", 5)[:, 0]
    assert found[0] > 0.01
    assert found == pytest.approx(found[0], rel=1e-12)


def test_a_family_that_holds_the_truth_makes_no_expressivity_error():
    assert distances("expressivity", 2, separation=0.0) == pytest.approx(0, abs=1e-12)


def test_a_stopped_optimiser_ends_at_its_start():
    found = distances("approximation", 400, kept=0.05)[:, 0]
    assert (np.diff(found) > -1e-12).all()
    assert found[-1] == pytest.approx(w2_squared(np.array(START[0]), np.array(START[1] ** 0.5), 1.0), rel=1e-6)
    mean, variance = stopped(np.array(0.3), np.array(2.0), kept=0.0)  # one that arrives is exact
    assert (mean, variance) == (0.3, pytest.approx(2.0))


@pytest.mark.parametrize("name", ["statistical", "expressivity", "approximation"])
def test_closed_forms(name):
    kept = 0.1 if SETTINGS[name].approximation else 0.0
    found = distances(name, 10, kept)
    truth = Truth(0.9 if SETTINGS[name].expressivity else 0.0)
    exact = SETTINGS[name].exact(truth.coupling(), kept, RNG["samples"], 10)
    for generation in (0, 4, 9):
        error = found[generation].std() / len(found[generation]) ** 0.5
        assert abs(found[generation].mean() - exact[generation]) < 3.5 * error + 1e-12


def test_the_distance_is_that_between_quantiles():
    truth, levels = Truth(0.9), (np.arange(200_000) + 0.5) / 200_000
    x = np.linspace(-4, 4, 80_001)
    sd = (1 - 0.81) ** 0.5
    quantiles = np.interp(levels, (norm.cdf((x - 0.9) / sd) + norm.cdf((x + 0.9) / sd)) / 2, x)
    expected = ((0.3 + 0.7 * norm.ppf(levels) - quantiles) ** 2).mean()
    assert w2_squared(np.array(0.3), np.array(0.7), truth.coupling()) == pytest.approx(expected, rel=1e-3)


def test_a_stopped_optimiser_is_that_many_steps_of_natural_gradient():
    """The natural gradient of the divergence from the data, in expected values, is their difference (Amari 1998)."""
    mean, second = START[0], START[1] + START[0] ** 2
    for _ in range(7):
        mean, second = mean + 0.2 * (0.4 - mean), second + 0.2 * (1.5 + 0.4**2 - second)
    found = stopped(np.array(0.4), np.array(1.5), kept=0.8**7)
    assert found == (pytest.approx(mean), pytest.approx(second - mean**2))


def test_the_coupling_is_that_of_sorted_points():
    truth, rng = Truth(0.9), np.random.default_rng(0)
    modes = 0.9 * rng.choice((-1, 1), 400_000) + np.sqrt(1 - 0.81) * rng.standard_normal(400_000)
    assert truth.coupling() == pytest.approx((np.sort(modes) * np.sort(rng.standard_normal(400_000))).mean(), abs=4e-3)
    assert Truth(1e-6).coupling() == pytest.approx(1, abs=1e-9)


def test_together_they_are_worse_than_each_alone():
    together = distances("all", 10, kept=0.01)[-1].mean()
    kept = {name: 0.01 if name == "approximation" else 0.0 for name in list(SETTINGS)[:3]}
    assert together > max(distances(name, 10, kept=share)[-1].mean() for name, share in kept.items())


def test_the_exact_values_hold_for_simulated_chains():
    sizes = {"chains": 2000, "samples": 50, "generations": 3, "seed": 1}
    rows = three_errors.trajectories(separation=0.9, step_size=0.1, steps=20, **sizes)
    found = three_errors.agreement(rows)
    assert found["rows"] == 3  # of the statistical error alone: the others draw nothing, or have no closed form
    assert found["rows_beyond_3_standard_errors"] == 0
    assert found["largest_difference_without_draws"] < 1e-9
    assert found["expressivity"]["generation1"] == pytest.approx(found["expressivity"]["generation3"])
    assert found["statistical"]["generation1"] < found["statistical"]["generation3"]
