import numpy as np
import pytest
import torch

from collapse.tables import write_columns
from collapse.theory import mixture, mixture_chains
from collapse.theory.mixture import ORIGINALS, STARTS, stated

EM = {"samples": 40, "seed": 1, "tolerance": 0.01, "max_iterations": 20, "regularization": 0.0}
ORIGINAL = stated(ORIGINALS["overlapping"], 3)


def last(state, generations):
    return [*mixture_chains.simulate("overlapping", state, generations, **EM)][-1][1]


def test_a_chain_goes_on_from_a_kept_generation_as_if_it_had_never_stopped(tmp_path):
    write_columns(tmp_path / "chains.parquet", mixture_chains.columns(last(ORIGINAL, range(3))))
    kept = mixture_chains.read_chains(tmp_path / "chains.parquet")
    for field in mixture.FIELDS:
        assert torch.equal(getattr(last(kept, range(3, 5)), field), getattr(last(ORIGINAL, range(5)), field))


def test_generation_0_is_the_original():
    assert mixture.l2_distance(last(ORIGINAL, [0]), ORIGINAL).max() == 0
    assert mixture.l2_distance(last(ORIGINAL, [0, 1]), ORIGINAL).min() > 0


def test_a_chain_has_collapsed_below_a_hundredth_of_the_originals_variance():
    variance = float(mixture.total_variance(ORIGINAL)[0])
    chains = {
        "l2_distance": np.zeros(3),
        "total_variance": variance * np.array([1, 0.011, 0.009]),
        "absorbed": np.array([False, False, True]),
        "smaller_weight": np.zeros(3),
    }
    found = mixture_chains.quantities(chains, "overlapping")
    assert found["relative_variance"] == pytest.approx([1, 0.011, 0.009])
    assert found["collapsed"].tolist() == found["absorbed"].tolist() == [0, 0, 1]


def test_all_chains_are_measured_at_the_last_generation_and_the_animation_ends_there():
    for first, end in ((1, 1), (1, 7), (201, 1000)):
        assert end in mixture_chains.measured_generations(first, end)
        assert len(mixture_chains.measured_generations(first, end)) <= mixture_chains.MEASURED
    assert mixture_chains.frame_generations(1000)[:3] == [0, 1, 2]
    assert mixture_chains.frame_generations(1000)[-1] == 1000
    assert mixture_chains.frame_generations(0) == [0, 1]


def test_a_picture_is_brightest_at_the_mode_however_narrow_the_chain():
    narrow = mixture.Mixtures(ORIGINAL.weights, 0 * ORIGINAL.means, 1e-12 * ORIGINAL.covariances, ORIGINAL.absorbed)
    shades = np.array(mixture_chains.picture(narrow)).reshape(mixture_chains.GRID, -1)
    assert shades.max() == shades[mixture_chains.GRID // 2, mixture_chains.GRID // 2] == 255
    assert 1 < (shades > 0).sum() < 100
    start = stated(STARTS["blob"], 1)
    assert mixture_chains.measures(start, start, 4)["smaller_weight"] == [0.5]
