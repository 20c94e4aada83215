import json

from tests.project import Project


def test_one_job_at_a_time_or_four_give_the_same_bytes(golden, tmp_path):
    project = Project.create(tmp_path / "project")
    project.run("--cores", "1")
    again = project.bytes()
    assert again.keys() == golden.bytes().keys()
    different = [name for name, data in golden.bytes().items() if again[name] != data]
    assert different == []


def test_a_cold_start_gives_the_bytes_of_a_warm_one(mini):
    """Run without the warm-start server, as on a cluster node."""
    folder = mini.results / "text" / "replace" / "seed1" / "generation1"
    before = {path.name: path.read_bytes() for path in folder.glob("synthetic*")}
    records = json.loads((mini.results / "text" / "provenance.json").read_text())
    output = (folder / "synthetic.parquet").relative_to(mini.folder).as_posix()
    for path in folder.glob("synthetic*"):
        path.unlink()
    mini.command("bash", "-c", records[output]["shellcmd"])
    assert {path.name: path.read_bytes() for path in folder.glob("synthetic*")} == before
