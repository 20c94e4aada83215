"""DVC and Snakemake agree: both rebuild what a change touches, and both find restored results complete."""

import shutil
from collections import Counter

from tests.project import CHAIN, DRAWN


def chain(executed: Counter) -> dict[str, int]:
    """Count the jobs of the chain. Figures run again only if their table has changed."""
    assert set(executed) <= {*CHAIN, *DRAWN, "write_configuration"}
    return {rule: count for rule, count in executed.items() if rule in CHAIN}


def test_repro_follows_an_edit_a_longer_chain_a_side_experiment_and_parts_that_are_left_out(tracked):
    module = tracked.folder / "collapse/measures/diversity.py"
    module.write_text(module.read_text() + "\nEDITED = 1\n")
    discrete = {"discrete": {"samples": [20, 30]}, "parts": ["discrete", "text"]}
    tracked.configure({"text": {"generations": 4}} | discrete)
    tracked.dvc("repro")
    executed = tracked.executed()
    side = {rule: executed.pop(rule) for rule in [*executed] if "discrete" in rule}
    assert side["simulate_discrete"] == 2
    assert chain(executed) == dict.fromkeys(CHAIN, 4) | {"evaluate": 12 + 4}

    module.touch()
    assert "up to date" in tracked.dvc("status")
    assert tracked.plan() == {}

    shown = tracked.dvc("metrics", "show")
    assert "test_perplexity" in shown and "rows_beyond_3_standard_errors" in shown
    assert "generation3" in tracked.dvc("metrics", "diff")
    tracked.dvc("plots", "show", "--out", "plots")
    page = (tracked.folder / "plots" / "index.html").read_text()
    assert "test perplexity by generation" in page and "tails.png" in page


def test_a_deleted_generation_is_restored_and_not_recomputed(tracked):
    before = tracked.bytes()
    gone = tracked.results / "text" / "replace" / "seed1" / "generation1"
    shutil.rmtree(gone)
    assert tracked.plan()["finetune"] > 0  # the ingredient fails when it should
    tracked.dvc("checkout")
    assert tracked.plan() == {}
    shutil.rmtree(gone)
    tracked.run()  # and by itself
    assert tracked.executed() == {}
    assert [name for name, data in tracked.bytes().items() if before[name] != data] == []


def test_a_fresh_clone_finds_nothing_to_do_and_notices_a_change(tracked, tmp_path):
    clone = tracked.clone(tmp_path / "clone")
    clone.dvc("pull")
    clone.restore()
    assert clone.plan() == {}
    assert "up to date" in clone.dvc("status")
    assert clone.bytes() == tracked.bytes()
    assert "up to date" in clone.dvc("repro")

    clone.configure({"text": {"evaluate": {"frequency_groups": 5}}})
    assert clone.plan() == {"evaluate": 12, "write_configuration": 1} | DRAWN


def test_what_is_restored_is_known_by_the_options_that_made_it(tracked):
    """A failed job leaves a record of new options and no file. The old file must not count as new."""
    tracked.configure({"text": {"finetune": {"learning_rate": 0.001}}})
    model = tracked.results / "text" / "replace" / "seed1" / "generation0" / "model"
    target = str((model / "manifest.json").relative_to(tracked.folder))
    script = tracked.folder / "scripts" / "finetune.py"
    working = script.read_text()
    broken = working.replace("    step = Step(args)", "    raise SystemExit(1)")
    assert broken != working
    script.write_text(broken)
    tracked.run(target, check=False)
    script.write_text(working)
    assert not (model / "model.safetensors").exists()
    tracked.run(target)
    assert tracked.executed() == {"finetune": 1}
