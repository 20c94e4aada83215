"""The mini experiment on a real SLURM, with texts in shards, gives the bytes of a run on one machine."""

import pytest

from tests.external.cluster.conftest import SLOW, Run
from tests.project import Project

pytestmark = pytest.mark.cluster


def test_a_cluster_gives_the_bytes_of_one_machine(cluster, tmp_path):
    here = Project.create(tmp_path / "here")
    text = {"arms": ["replace"], "seeds": [1], "generations": 2, "generate": {"shards": 2}}
    here.configure({"parts": ["text"], "gigaflops": SLOW, "text": text})
    there = here.copy(tmp_path / 'there $(touch canary) `touch canary` "$HOME"')  # plain words to every shell
    run = Run(cluster, there, "text")
    here.snakemake("--cores", "1", "text")
    run.finish()
    assert there.bytes() == here.bytes()
    # preparation beside Snakemake; pretraining; for each generation training, two shards, the rest; tables
    assert [*run.jobs().values()] == ["COMPLETED"] * (1 + 2 * 4 + 1)
    assert there.plan("text") == {}
    assert not [*tmp_path.rglob("canary")]
