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
    log = mini.command(
        *("python", "-m", "scripts", "generate", "--arm", "replace", "--seed", "1", "--generation", "1"),
        *("--engine", "collapse", "--prompts", "original", "--decoder", "beam_search", "--precision", "float32"),
        *("--num-beams", "2", "--repetition-penalty", "1.0", "--candidates", "1"),
        *("--verifier-noise", "0.0", "--watermark-share", "1.0"),
        *("--batch-blocks", "8", "--new-tokens", "16"),
        *("--device", "cpu", "--threads", "1", "--memory-gigabytes", "4"),
        *("--code", json.loads(before["synthetic.manifest.json"])["code"]),
        *("--model", f"results/mini/{folder.relative_to(mini.results)}/model", "--corpus", "results/mini/corpus"),
        *("--output", f"results/mini/{folder.relative_to(mini.results)}/synthetic.parquet"),
        *("--manifest", f"results/mini/{folder.relative_to(mini.results)}/synthetic.manifest.json"),
    )
    assert {path.name: path.read_bytes() for path in folder.glob("synthetic*")} == before, log
