"""After a change, only the jobs that it affects are planned."""

import os
import re
import shutil
import sys

from tests.project import CHAIN, DRAWN

CONFIGURATION = {"write_configuration": 1}


def test_nothing_to_do_after_a_run(mini):
    assert mini.plan() == {}
    before = mini.bytes()
    mini.run()
    assert mini.executed() == {}
    assert mini.bytes() == before


def test_more_generations_plan_the_new_ones_alone(mini):
    mini.configure({"text": {"generations": 5}})
    planned = mini.planned()
    new = 2 * 2 * 2  # generations × arms × seeds
    assert mini.plan() == dict.fromkeys(CHAIN, new) | DRAWN | CONFIGURATION
    assert {re.search(r"generation=(\d+)", where)[1] for rule, where in planned if rule in CHAIN} == {"3", "4"}


def test_a_new_seed_plans_itself_alone(mini):
    mini.configure({"text": {"seeds": [1, 2, 3]}})
    planned = mini.planned()
    assert mini.plan() == dict.fromkeys(CHAIN, 3 * 2) | {"mix": 3 * 2 - 1} | DRAWN | CONFIGURATION  # arms share one
    assert all("seed=3" in where for rule, where in planned if rule in CHAIN)


def test_a_new_arm_plans_itself_alone_and_shares_generation_zero(mini):
    arm = {"policy": "preserve", "human_fraction": 0.5, "human_draw": "once"}
    mini.configure({"text": {"arms": ["replace", "preserve_10pct", "half"]}, "arms": {"half": arm}})
    planned = mini.planned()
    assert mini.plan() == dict.fromkeys(CHAIN, 2 * 2) | DRAWN | CONFIGURATION
    assert all(re.search(r"arm=half.*generation=[12]", where) for rule, where in planned if rule in CHAIN)


def test_an_arms_own_options_leave_generation_zero_and_other_arms_alone(mini):
    mini.configure({"arms": {"preserve_10pct": {"human_fraction": 0.2}}})
    planned = mini.planned()
    assert mini.plan() == dict.fromkeys(CHAIN, 2 * 2) | DRAWN | CONFIGURATION
    assert all(re.search(r"arm=preserve.*generation=[12]", where) for rule, where in planned if rule in CHAIN)


def test_a_changed_evaluation_option_trains_and_generates_nothing(mini):
    mini.configure({"text": {"evaluate": {"frequency_groups": 5}}})
    assert mini.plan() == {"evaluate": 12} | DRAWN | CONFIGURATION


def test_other_test_text_or_another_passage_trains_and_generates_nothing(mini):
    mini.configure(
        {"corpus": {"test_blocks": 10}, "text": {"passage": {"search": "class attributes; they are shared"}}}
    )
    planned = mini.plan()
    assert planned == {"prepare_corpus": 1, "find_passage": 1, "evaluate": 12} | DRAWN | CONFIGURATION


def test_swapping_two_numbers_is_seen(mini):
    mini.configure({"text": {"evaluate": {"frequency_groups": 4, "repeated_ngram_tokens": 10}}})
    assert mini.plan() == {"evaluate": 12} | DRAWN | CONFIGURATION


def test_a_changed_learning_rate_repeats_the_chain_but_not_the_base_model(mini):
    mini.configure({"text": {"finetune": {"learning_rate": 0.001}}})
    plan = mini.plan()
    assert plan["finetune"] == plan["generate"] == plan["evaluate"] == 12
    assert not {"pretrain", "prepare_corpus"} & set(plan)


def test_options_of_another_decoder_and_how_often_training_is_saved_plan_nothing(mini):
    training = {"checkpoint_minutes": 0.5}
    other = {"temperature": 0.5, "top_k": 5, "top_p": 0.9}
    mini.configure({"text": {"generate": other, "finetune": training}, "base_model": {"pretraining": training}})
    assert mini.plan() == CONFIGURATION


def test_another_limit_of_memory_plans_nothing(mini):
    mini.configure({"memory_gigabytes": 3.5})
    assert mini.plan() == CONFIGURATION


def test_another_decoder_writes_the_texts_again_and_what_follows_from_them(mini):
    mini.configure({"text": {"generate": {"decoder": "sample"}}})
    plan = mini.plan()
    assert plan["generate"] == plan["evaluate"] == 12
    assert plan["mix"] == plan["finetune"] == 8  # generation 0 reads no text of a model


def test_an_edit_reruns_what_uses_the_code_and_prose_reruns_nothing(mini):
    """Edit comments, docstrings and layout of all modules; then a memory estimate; then a constant of evaluation."""
    for path in [*mini.folder.glob("collapse/**/*.py"), *mini.folder.glob("scripts/**/*.py")]:
        text = path.read_text()
        if text.startswith('"""'):
            text = text.replace('"""', '"""Once more: ', 1)
        path.write_text(f"# reworded\n\n{text}\n# reworded\n")
    assert mini.plan() == {}
    memory = mini.folder / "collapse" / "models" / "memory.py"
    memory.write_text(memory.read_text().replace("LIBRARIES = 400_000_000", "LIBRARIES = 500_000_000"))
    assert mini.plan() == {}
    module = mini.folder / "collapse" / "measures" / "diversity.py"
    module.write_text(module.read_text() + "\nEDITED = 1\n")
    assert mini.plan() == {"evaluate": 12} | DRAWN


def test_a_touch_plans_nothing(mini):
    for folder in ("collapse", "pipeline", "scripts", "workflow", "tests/data"):
        for path in (mini.folder / folder).rglob("*.*"):
            path.touch()
    (mini.folder / "config.yaml").touch()
    assert mini.plan() == {}


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
    assert f"{len(records)} records are damaged; `make restore`, or a run, repairs them" in mini.snakemake(
        "-n", check=False
    )
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
