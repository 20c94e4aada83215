import math

import numpy as np
import pytest

from collapse.statistics.options import Rule
from collapse.statistics.verdicts import DEFINITIONS, decide, judge

RISE = Rule("loss", None, "rise", 0.5)


def ends(values):
    """Return least and greatest seed: an interval that a reader can check by eye."""
    return float(values.min()), float(values.max())


def test_a_verdict_needs_the_whole_interval_on_one_side():
    assert decide(0.6, 0.9, 0.5)[0] == "collapsed"
    assert decide(0.1, 0.4, 0.5)[0] == "not collapsed"
    assert decide(0.4, 0.6, 0.5)[0] == "undecided"


def test_an_end_on_the_threshold_is_not_beyond_it():
    assert decide(0.5, 0.6, 0.5)[0] == "undecided"
    assert decide(0.4, 0.5, 0.5)[0] == "not collapsed"
    assert decide(0.0, 0.0, 0.0)[0] == "not collapsed"  # no increase is not any increase


def test_the_effect_is_the_change_from_generation_0_to_the_last():
    found = judge("catastrophic_risk", RISE, np.array([[1.0, 9, 2], [2, 9, 4]]), ends)
    assert (found.verdict, found.effect, found.low, found.high, found.seeds) == ("collapsed", 1.5, 1, 2, 2)
    assert found.rule == "rise of loss from generation 0 to 2: interval wholly above 0.5"


def test_improvement_is_no_collapse_in_either_direction():
    better = np.array([[2.0, 1], [4, 2]])
    found = judge("any_increase", Rule("loss", None, "rise", 0), better, ends)
    assert (found.verdict, found.effect) == ("not collapsed", -1.5)
    found = judge("collapsing_variance", Rule("entropy", None, "fall", 0.5), better, ends)
    assert (found.verdict, found.effect, found.low, found.high) == ("collapsed", 1.5, 1, 2)


def test_risk_that_levels_off_does_not_diverge():
    rule = Rule("loss", None, "rise", 0.01)
    grows = np.arange(10.0)
    levels_off = np.minimum(grows, 4)  # all of its rise is in the first half
    found = judge("diverging_risk", rule, np.array([levels_off, levels_off + 1]), ends)
    assert (found.verdict, found.effect) == ("not collapsed", 0)
    found = judge("diverging_risk", rule, np.array([grows, 3 * grows]), ends)
    assert (found.verdict, found.effect, found.low, found.high) == ("collapsed", 2, 1, 3)
    assert "5 to 9" in found.rule


def test_divergence_needs_generations_to_be_seen_in():
    found = judge("diverging_risk", RISE, np.arange(14.0).reshape(2, 7), ends)
    assert found.verdict == "undecided" and found.rule == "not judged: needs 8 generations, there are 7"
    assert judge("diverging_risk", RISE, np.arange(16.0).reshape(2, 8), ends).verdict == "collapsed"


@pytest.mark.parametrize("name", DEFINITIONS)
def test_what_cannot_be_judged_is_undecided_and_says_what_is_missing(name):
    found = judge(name, Rule(None, None, "rise", 0), None, ends)
    assert found.verdict == "undecided" and math.isnan(found.effect)
    assert found.rule == f"not judged: needs {DEFINITIONS[name].missing}"


def test_one_seed_one_generation_or_no_value_decide_nothing():
    single = judge("any_increase", RISE, np.array([[0.0, 9]]), ends)
    assert (single.verdict, single.effect, math.isnan(single.low)) == ("undecided", 9, True)
    assert "one seed has no interval" in single.rule
    assert "needs a generation after 0" in judge("any_increase", RISE, np.ones((2, 1)), ends).rule
    absent = judge("any_increase", RISE, np.full((2, 3), np.nan), ends)
    assert absent.verdict == "undecided" and "loss has no value" in absent.rule
    partly = judge("any_increase", RISE, np.array([[0.0, 1], [0, np.nan], [0, 3]]), ends)
    assert (partly.seeds, partly.effect) == (2, 2)
