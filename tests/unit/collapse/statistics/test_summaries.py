import math

import numpy as np
import pytest

from collapse.statistics.summaries import (
    Interval,
    Row,
    budgets,
    by_arm,
    headline,
    histogram,
    joint_budget,
    measured,
    over_seeds,
    scaling,
)
from collapse.statistics.summaries import since_generation0 as beside


def test_a_measure_without_a_value_and_a_name_that_is_no_measure_get_no_row():
    metrics = {"b": 2.0, "a": 1.0, "none": None, "passage": "text", "seed": 7}
    assert measured("x", 7, 3, metrics) == [("x", 7, 3, "a", 1.0), ("x", 7, 3, "b", 2.0)]


def test_rises_are_from_generation_0_of_the_same_chain():
    losses = ("test_loss_rare_half", "test_loss_common_half", "test_loss_minority", "test_loss_majority")
    first, now = dict.fromkeys(losses, 1.0), dict(zip(losses, (3.0, 1.5, None, 1.0), strict=True))
    improbable, *rises = beside("x", 1, 2, now, first, np.array([1.0, 5.0, 9.0, 9.0]), np.arange(5.0), 0.5)
    assert improbable == ("x", 1, 2, "improbable_blocks", 0.75)
    found = {row.metric: row.value for row in rises}
    assert found == {"test_loss_rare_half_rise": 2, "test_loss_common_half_rise": 0.5, "test_loss_majority_rise": 0}


def test_the_exponent_is_of_the_arms_of_the_family_alone():
    rows = [
        Row(arm, 1, 0, name, value)
        for arm, blocks, loss in (("small", 10, 4.0), ("large", 1000, 1.0), ("other", 10, 9.0))
        for name, value in (("training_blocks", blocks), ("test_perplexity_without_end_of_text", math.exp(loss)))
    ]
    found = scaling(rows, ["small", "large"])
    assert [row.arm for row in found] == ["small", "large"]
    assert found[0].value == found[1].value == pytest.approx(math.log(4) / math.log(100))


def test_seeds_are_the_replicates():
    found = over_seeds([Row("x", seed, 0, "a", float(seed)) for seed in (1, 2, 3)], 0.95, 99)
    assert len(found) == 1 and found[0].seeds == 3 and found[0].mean == 2
    assert found[0].low < 2 < found[0].high


def test_bins_are_the_same_everywhere_and_shares_add_up_to_one():
    table = histogram([("x", 0, 1.5), ("x", 0, 50.0), ("y", 1, 150.0)], bins_per_decade=1)
    edges = [1, 10, 100]
    assert [one.low for one in table] == pytest.approx(2 * edges)
    assert [one.high for one in table] == pytest.approx([10 * edge for edge in 2 * edges])
    assert [one.share for one in table] == [0.5, 0.5, 0, 0, 0, 1]
    assert histogram([], bins_per_decade=1) == []


def test_wide_tables_and_headlines_hold_means():
    means = {("x", 0): 1.0, ("x", 1): 2.0, ("x", 2): 3.0, ("y", 0): 1.0, ("y", 1): 5.0, ("y", 2): 6.0}
    rows = [Interval(arm, generation, "a", 1, mean, math.nan, math.nan) for (arm, generation), mean in means.items()]
    assert by_arm(rows, "a") == (["generation", "x", "y"], [(0, 1.0, 1.0), (1, 2.0, 5.0), (2, 3.0, 6.0)])
    assert headline(rows, {"a"}, 3)["y"] == {"a": {"generation0": 1.0, "generation2": 6.0}}
    assert headline(rows, {"b"}, 3) == {}


def test_a_budget_is_the_least_and_the_most_of_any_generation():
    steps, tokens = ({(1, 0): 5.0, (1, 1): 5.0}, {(1, 0): 10.0, (1, 1): 40.0})
    values = {("x", "training_steps"): steps, ("x", "training_tokens"): tokens}
    found = budgets(values | {("y", "training_steps"): steps, ("y", "training_tokens"): steps}, ["x", "y"])
    assert found["x"] == {"training_steps": (5, 5), "training_tokens": (10, 40)}
    assert joint_budget(found) == {"training_steps": (5, 5), "training_tokens": (5, 40)}
