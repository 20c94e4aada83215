"""A text in shards gives the bytes of one job, and plans no more later jobs."""

import shutil
import sys

from tests.project import Project

TABLES = {"summarize": 1, "compare_arms": 1, "judge_arms": 1}
AFTER = {"mix": 1, "finetune": 1, "evaluate": 2} | TABLES  # what has read the texts of a chain of two generations


def chain(project: Project) -> dict[str, bytes]:
    """Return the files in the links of one chain."""
    return {name: data for name, data in project.bytes().items() if name.startswith("text/replace/seed1/")}


def test_shards_give_the_bytes_of_one_job_and_leave_nothing_behind(mini):
    mini.configure({"parts": ["text"], "text": {"arms": ["replace"], "seeds": [1], "generations": 2}})
    before = chain(mini)
    mini.configure({"text": {"generate": {"shards": 3}}})  # of two batches: one shard is empty
    assert mini.plan("text") == {"generate": 3 * 2, "join_shards": 2} | AFTER
    mini.run("text")
    assert chain(mini) == before
    assert mini.plan("text") == {}

    shutil.rmtree(mini.folder / ".snakemake")  # as after a clone: what is known is what travels with the results
    mini.command(sys.executable, "-m", "pipeline.provenance.restore", "--unpack")
    assert mini.plan("text") == {}
    mini.configure({"text": {"evaluate": {"frequency_groups": 5}}})
    assert mini.plan("text") == {"evaluate": 2} | TABLES
    mini.configure({"text": {"generations": 3, "evaluate": {"frequency_groups": 10}}})
    shutil.rmtree(mini.results / "text" / "replace" / "seed1" / "generation2")
    new = {"mix": 1, "finetune": 1, "generate": 3, "join_shards": 1, "evaluate": 1}
    assert mini.plan("text") == new | TABLES
    mini.configure({"text": {"generations": 2, "generate": {"shards": 1}}})
    assert mini.plan("text") == {"generate": 2} | AFTER
