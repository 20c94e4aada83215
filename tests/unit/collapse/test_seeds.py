import doctest
import itertools

import pytest

from collapse import seeds
from collapse.seeds import derive_seed


def test_every_use_has_a_seed_of_its_own():
    uses = list(itertools.product(range(20), ["replace", "preserve"], range(20), ["mix", "finetune"]))
    assert len({derive_seed(*use) for use in uses}) == len(uses)


def test_parts_cannot_run_into_each_other():
    assert derive_seed("a", "bc") != derive_seed("ab", "c")
    assert derive_seed(1) != derive_seed("1")


def test_a_seed_is_the_same_in_every_process_and_version():
    assert derive_seed(1, "replace", 3, "generate") == 5394094922569541966


def test_a_seed_without_a_purpose_is_refused():
    with pytest.raises(ValueError, match="what the seed is for"):
        derive_seed()


def test_the_documented_example_holds():
    found = doctest.testmod(seeds)
    assert found.failed == 0 and found.attempted > 0
