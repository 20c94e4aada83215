"""After a change, only the jobs that it affects are planned."""

import os
import re
import shutil
import sys
from collections import Counter

import pytest
import yaml

from tests.project import CHAIN, DRAWN

CONFIGURATION = {"write_configuration": 1}
MIXTURE_DRAWN = {"summarize_mixture": 1, "plot_mixture_distance": 1, "plot_mixture_densities": 1, "animate_mixture": 1}
VAE_DRAWN = {"summarize_vae": 1, "plot_vae_images": 1, "plot_vae_latents": 1, "plot_vae_spread": 1}
DISCRETE_DRAWN = {"collect_discrete": 1, "plot_discrete": 1}
GAUSSIAN_DRAWN = {"collect_gaussian": 1, "plot_gaussian": 1, "plot_gaussian_variants": 1}
SIDE_CHAINS = ("simulate_discrete", "simulate_gaussian", "simulate_mixture", "train_vae")
HALF = {"policy": "preserve", "human_fraction": 0.5, "human_draw": "once"}
SAVED = {"checkpoint_minutes": 0.5}


@pytest.fixture(scope="module")
def finished(golden, tmp_path_factory):
    """A finished mini experiment of which tests change the configuration alone."""
    return golden.copy(tmp_path_factory.mktemp("finished") / "project")


def chain(jobs: int, **others: int) -> dict[str, int]:
    """Count the jobs of changed links, and what is drawn from them."""
    return dict.fromkeys(CHAIN, jobs) | others | DRAWN


OTHERS = {"temperature": 0.5, "top_k": 5, "top_p": 0.9}  # of another decoder
NEW_ARM = {"text": {"arms": ["replace", "preserve_10pct", "half"]}, "arms": {"half": HALF}}
TEXTS = {"corpus": {"test_blocks": 10}, "text": {"passage": {"search": "class attributes; they are shared"}}}
NO_RESULT = {
    "text": {"generate": OTHERS, "finetune": SAVED},
    "base_model": {"pretraining": SAVED},
    "memory_gigabytes": 3.5,
    "gigaflops": 1,
}
SIDE = {
    "discrete": {"samples": [20, 30]},
    "gaussian": {"variants": ["unbiased", "accumulate", "biased"]},
    "mixture": {"generations": [0, 5, 10, 12]},
    "vae": {"generations": 4},
}
SIDE_JOBS = dict.fromkeys((*SIDE_CHAINS, "evaluate_vae"), 2)
SIDE_DRAWN = DISCRETE_DRAWN | GAUSSIAN_DRAWN | MIXTURE_DRAWN | VAE_DRAWN
SIDE_PLACES = "samples=30$|variant=biased|generation=3$|generation=12$"
METHODS = {"methods": ["fresh_means", "finite_bernoulli", "finite_means"]}
OTHER_PARTS = {"parts": ["discrete"], "discrete": {"seed": 2}, "vae": {"seeds": [5]}, "text": {"seeds": [9]}}
CHANGES = {  # the changed options, the jobs that they plan, and where the links among these jobs lie
    "more generations": ({"text": {"generations": 5}}, chain(2 * 2 * 2), "generation=[34]$"),
    "a new seed, of which arms share one training set": ({"text": {"seeds": [1, 2, 3]}}, chain(6, mix=5), "seed=3"),
    "a new arm, which shares generation 0": (NEW_ARM, chain(4), "arm=half.*generation=[12]"),
    "an option that acts after generation 0": (
        {"arms": {"preserve_10pct": {"human_fraction": 0.2}}}, chain(4), "arm=preserve.*generation=[12]"
    ),
    "two swapped numbers of the evaluation": (
        {"text": {"evaluate": {"frequency_groups": 4, "repeated_ngram_tokens": 10}}}, {"evaluate": 12} | DRAWN, ""
    ),
    "other test text and another passage": (
        TEXTS, {"prepare_corpus": 1, "find_passage": 1, "evaluate": 12} | DRAWN, ""
    ),
    "the chain's learning rate": ({"text": {"finetune": {"learning_rate": 0.001}}}, chain(12, mix=8), ""),
    "another decoder": ({"text": {"generate": {"decoder": "sample"}}}, chain(12, mix=8, finetune=8), ""),
    "another decoder's options, saved states, memory and speed": (NO_RESULT, {}, ""),
    "more of each side experiment": (SIDE, SIDE_JOBS | SIDE_DRAWN, SIDE_PLACES),
    "a new method, which shares generation 0": (
        {"vae": METHODS}, {"train_vae": 2, "evaluate_vae": 2} | VAE_DRAWN, "method=finite_means"
    ),
    "evaluation of images": ({"vae": {"evaluate": {"images": 120}}}, {"evaluate_vae": 5} | VAE_DRAWN, ""),
    "parts that are left out": (OTHER_PARTS, {"simulate_discrete": 2} | DISCRETE_DRAWN, ""),
}  # fmt: skip


@pytest.mark.parametrize(("over", "jobs", "where"), CHANGES.values(), ids=CHANGES)
def test_a_changed_option_plans_what_it_affects(finished, over, jobs, where):
    configuration = finished.folder / "config.yaml"
    before = configuration.read_text()
    try:
        finished.configure(over)
        planned = finished.planned()
    finally:
        configuration.write_text(before)
    assert Counter(rule for rule, _ in planned) == jobs | CONFIGURATION
    places = [place for rule, place in planned if rule in (*CHAIN, *SIDE_CHAINS)]
    assert [place for place in places if not re.search(where, place)] == []


def test_nothing_to_do_after_a_run_even_if_every_file_is_touched(mini):
    for folder in ("collapse", "pipeline", "scripts", "workflow", "tests/data"):
        for path in (mini.folder / folder).rglob("*.*"):
            path.touch()
    (mini.folder / "config.yaml").touch()
    assert mini.plan() == {}
    before = mini.bytes()
    mini.run()
    assert mini.executed() == {}
    assert mini.bytes() == before


def test_keys_in_another_order_plan_nothing(mini):
    def reversed_keys(node):
        return {key: reversed_keys(node[key]) for key in reversed(node)} if isinstance(node, dict) else node

    path = mini.folder / "config.yaml"
    path.write_text(yaml.safe_dump(reversed_keys(yaml.safe_load(path.read_text())), sort_keys=False))
    assert mini.plan() == {}


def test_an_edit_reruns_what_uses_the_code_and_prose_reruns_nothing(mini):
    """Edit comments, docstrings and layout of all modules, and a memory estimate; then code of two measures."""
    for path in [*mini.folder.glob("collapse/**/*.py"), *mini.folder.glob("scripts/**/*.py")]:
        text = path.read_text()
        if text.startswith('"""'):
            text = text.replace('"""', '"""Once more: ', 1)
        path.write_text(f"# reworded\n\n{text}\n# reworded\n")
    memory = mini.folder / "collapse/models/memory.py"
    before = memory.read_text()
    memory.write_text(before.replace("LIBRARIES = 400_000_000", "LIBRARIES = 500_000_000"))
    assert memory.read_text() != before and mini.plan() == {}
    for name in ("measures/diversity.py", "theory/mixture.py"):
        with (mini.folder / "collapse" / name).open("a") as module:
            module.write("\nEDITED = 1\n")
    assert mini.plan() == {"evaluate": 12, "simulate_mixture": 6} | DRAWN | MIXTURE_DRAWN


def test_a_shorter_chain_is_read_from_the_configuration_and_not_from_the_disk(mini):
    mini.configure({"text": {"generations": 2}})
    assert mini.plan() == DRAWN | CONFIGURATION
    mini.run("results/mini/text/summary.csv")
    rows = (mini.results / "text" / "summary.csv").read_text().splitlines()[1:]
    assert {row.split(",")[2] for row in rows} == {"0", "1"}


def test_a_damaged_file_is_named_and_made_anew_once_it_is_deleted(mini, golden):
    chain = mini.results / "text" / "replace" / "seed1"
    damaged = [chain / "generation0/model/model.safetensors", chain / "generation1/synthetic.parquet"]
    for path in damaged:
        times = path.stat()
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a disk would damage it: unnoticed
    (chain / "generation0" / "metrics.json").unlink()  # the verifier scores text with this model
    shutil.rmtree(chain / "generation2")  # the next training set holds this text
    targets = [f"results/mini/text/replace/seed1/generation{k}/metrics.json" for k in (0, 2)]
    said = mini.run("--cores", "2", "--keep-going", *targets, check=False)
    for path in damaged:
        assert f"{path.relative_to(mini.folder)}: differs from its manifest (sha256 or size); delete it" in said
        path.unlink()
    mini.run("--cores", "2", *targets)
    now, then = mini.bytes(), golden.bytes()
    assert [name for name in then if name.startswith("text/") and now.get(name) != then[name]] == []


def test_damaged_records_of_snakemake_are_known_from_what_is_packed(mini):
    records = [path for path in sorted((mini.folder / ".snakemake" / "metadata").rglob("*")) if path.is_file()]
    for number, record in enumerate(records):
        data = record.read_bytes()
        record.write_bytes([b"", data[: len(data) // 2], b"\xff\x00", b"[1]"][number % 4])
    said = mini.snakemake("-n", check=False)
    assert f"{len(records)} records are damaged; `make restore`, or a run, repairs them" in said
    mini.run()
    assert mini.executed() == {} and mini.plan() == {}
    for number, record in enumerate(records):
        record.write_bytes([b"", b"\xff"][number % 2])
    mini.command(sys.executable, "-m", "pipeline.provenance.restore", "--unpack")
    mini.configure({"text": {"evaluate": {"frequency_groups": 5}}})
    assert mini.plan() == {"evaluate": 12} | DRAWN | CONFIGURATION


def test_damaged_packed_records_are_refused_by_name(mini):
    packed = mini.results / "text" / "provenance.json"
    packed.write_bytes(packed.read_bytes()[:100])
    assert "results/mini/text/provenance.json: damaged; dvc checkout, or delete it" in mini.snakemake("-n", check=False)
