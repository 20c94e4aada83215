"""A chain of mixtures goes on from the generations that were kept."""

from tests.plan.test_incremental import CONFIGURATION, MIXTURE_DRAWN


def test_a_longer_mixture_goes_on_from_the_last_kept_generation(mini):
    before = {name: data for name, data in mini.bytes().items() if name.startswith("mixture/") and "generation" in name}
    mini.configure({"mixture": {"generations": [0, 5, 10, 12]}})
    planned = mini.planned()
    assert {rule for rule, _ in planned} == {"simulate_mixture", *MIXTURE_DRAWN, *CONFIGURATION}
    assert [place[-13:] for rule, place in planned if rule == "simulate_mixture"] == ["generation=12"] * 2
    mini.run("side")
    assert {name: mini.bytes()[name] for name in before} == before


def test_where_a_mixture_is_cut_changes_no_bit(mini):
    kept = mini.results / "mixture" / "overlapping" / "samples50" / "generation10" / "chains.parquet"
    before = kept.read_bytes()
    mini.configure({"mixture": {"generations": [0, 3, 10]}})
    mini.snakemake("--cores", "2", str(kept.relative_to(mini.folder)))
    assert mini.executed()["simulate_mixture"] == 2
    assert kept.read_bytes() == before
