"""A clock that is set back neither stops a run nor hides a change."""

import os
import time

DAY = 86_400


def test_results_from_the_future_are_up_to_date_and_new_work_on_them_goes_through(mini):
    for path in mini.results.rglob("*"):
        os.utime(path, (time.time() + DAY, time.time() + DAY))
    assert mini.plan() == {}

    for path in (mini.results / "corpus").rglob("*"):  # the input alone
        os.utime(path, (time.time() + DAY, time.time() + DAY))
    mini.configure({"text": {"evaluate": {"sample_blocks": 3}}})
    link = "results/mini/text/replace/seed1/generation0/manifest.json"
    mini.snakemake("--cores", "1", link)
    assert mini.executed() == {"evaluate": 1}
    assert mini.plan(link) == {}
