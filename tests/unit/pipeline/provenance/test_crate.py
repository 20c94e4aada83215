"""Results as an RO-Crate: every file of a manifest, with the job that made it and its inputs."""

import ast
import json
import shutil
from pathlib import Path

import pytest
import yaml
from rocrate.rocrate import ROCrate

from collapse.artefacts import sha256, write_manifest
from pipeline.provenance import crate, recorded_jobs
from pipeline.provenance.crate_metadata import NAME
from tests.project import ROOT

TEXT = "text/replace/seed1/generation"
DATE = ["--date", "2026-01-31"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Results of two generations of a run, and of a third that an earlier configuration had."""
    folder = tmp_path_factory.mktemp("finished")
    results = Results(folder / "results" / "tiny")
    config = yaml.safe_load((ROOT / "config.yaml").read_text()) | {"experiment": "tiny", "parts": ["text"]}
    config["arms"] = {"replace": config["arms"]["replace"]}
    config["text"] |= {"arms": ["replace"], "seeds": [1], "generations": 2}
    results.write("config.yaml", yaml.safe_dump(config))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        results.make()
    return results.folder


class Results:
    """Writes small files with real manifests, and Snakemake's records of tables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = Path("results", folder.name)  # as the jobs name it

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return self.place / name

    def step(self, manifest: str, kind: str, files: list[str], parents: list[str], **options) -> None:
        write_manifest(
            self.place / manifest,
            kind=kind,
            files=[self.write(name, f"content of {name}") for name in files],
            parents=[self.place / parent for parent in parents],
            code=f"code of {kind}",
            options=options,
            libraries=["numpy"],
        )

    def make(self) -> None:
        pretraining, base = "base/pretraining/manifest.json", "base/manifest.json"
        self.step(pretraining, "pretraining text", ["base/pretraining/blocks.parquet"], [], text="docstrings")
        self.step(base, "base model", ["base/model.safetensors"], [pretraining], source="pretrain", seed=0)
        for split in ("train", "validation", "test"):
            files = [f"corpus/{split}.parquet"]
            self.step(f"corpus/{split}.manifest.json", "human text", files, [pretraining], source="pydoc", split=split)
        for generation in range(3):
            self.generation(generation)
        rows = [f"{TEXT}{generation}/metrics.json" for generation in range(2)]
        self.record("text", "summarize", ["text/summary.csv"], rows, "--arm 'replace=replace*2' --confidence 0.95")
        self.record("settings", "write_configuration", ["config.yaml"], [], "--configuration '{}'")
        self.record("figures", "plot_tails", ["figures/tails.svg"], ["text/summary.csv"], "")
        self.record("old", "plot_old", ["figures/old.svg"], [f"{TEXT}2/metrics.json"], "")

    def generation(self, generation: int) -> None:
        here, corpus = f"{TEXT}{generation}", "corpus/train.manifest.json"
        place = {"arm": "replace", "seed": 1, "generation": generation}
        before = [f"{TEXT}{generation - 1}/synthetic.manifest.json"] if generation else []
        training, model = f"{here}/training.manifest.json", f"{here}/model/manifest.json"
        text, share = f"{here}/synthetic.manifest.json", float(generation == 0)
        mixed = {"policy": "replace", "human_fraction": share} | place
        self.step(training, "training set", [f"{here}/training.parquet"], [corpus, *before], **mixed)
        losses, files = {"loss_by_epoch": [2.5, 1.5], "detection": None} | place, [f"{here}/model/model.safetensors"]
        self.step(model, "model", files, ["base/manifest.json", training], **losses)
        decoder = {"decoder": "beam_search", "decoder_options": {"num_beams": 5}, "new_tokens": 64}
        files = [f"{here}/synthetic.parquet"]
        self.step(text, "synthetic text", files, [corpus, model], **place, **decoder, prompts="original")
        parents = ["corpus/test.manifest.json", model, text]
        self.step(f"{here}/manifest.json", "generation", [f"{here}/metrics.json"], parents, **place)

    def record(self, folder: str, rule: str, outputs: list[str], inputs: list[str], options: str) -> None:
        names = [(self.place / name).as_posix() for name in inputs]
        record = {
            "rule": rule,
            "input": names,
            "input_checksums": {name: f"sha256:{sha256(Path(name))}" for name in names},
            "shellcmd": f"python -m scripts {rule} {options} --code 00ff --output {self.place / outputs[0]} 2> log",
        }
        records = {(self.place / name).as_posix(): record for name in outputs}
        self.write(f"{folder}/provenance.json", json.dumps(records))
        for name in outputs:
            if name != "config.yaml":
                self.write(name, f"content of {name}")


@pytest.fixture
def results(finished, tmp_path) -> Path:
    """A copy that a test may change, under another name: the place of results does not matter."""
    return Path(shutil.copytree(finished, tmp_path / "elsewhere"))


def described(folder: Path) -> dict[str, dict]:
    return {entity["@id"]: entity for entity in json.loads((folder / NAME).read_text())["@graph"]}


def references(value) -> set[str]:
    return {one["@id"] for one in (value if isinstance(value, list) else [value])}


def test_every_file_of_every_manifest_is_described_with_its_checksum(results):
    assert crate.main([str(results), *DATE]) == 0
    entities, named = described(results), 0
    for manifest in results.rglob("*manifest.json"):
        if "generation2" in manifest.parts:
            continue
        for path in [manifest, *(manifest.parent / name for name in json.loads(manifest.read_text())["files"])]:
            about = entities[path.relative_to(results).as_posix()]
            assert (about["sha256"], about["contentSize"]) == (sha256(path), str(path.stat().st_size))
            named += 1
    parts = references(entities["./"]["hasPart"])
    assert named == 26 and parts >= {"text/summary.csv", "figures/tails.svg", "config.yaml"}


def test_what_the_configuration_does_not_ask_for_is_not_described(results, capsys):
    assert crate.main([str(results), *DATE]) == 0
    assert not any("generation2" in name or "old.svg" in name for name in described(results))
    assert "figures/old.svg: left out" in capsys.readouterr().err


def test_a_synthetic_text_names_its_model_its_prompts_and_its_options(results):
    crate.main([str(results), *DATE])
    entities = described(results)
    action = entities[f"#job/{TEXT}1/synthetic.manifest.json"]
    given = references(action["object"])
    inputs = {one for one in given if not one.startswith("#")}
    assert inputs == {"corpus/train.parquet", f"{TEXT}1/model/model.safetensors"}
    options = {entities[one]["name"]: entities[one]["value"] for one in given if one.startswith("#option")}
    assert options["decoder"] == "beam_search" and options["decoder_options"] == '{"num_beams": 5}'
    assert references(action["result"]) == {f"{TEXT}1/synthetic.parquet", f"{TEXT}1/synthetic.manifest.json"}
    script = entities[action["instrument"]["@id"]]
    assert (script["name"], script["version"]) == ("scripts/generate.py", "code of synthetic text")
    text = entities[f"{TEXT}1/synthetic.parquet"]
    assert text["digitalSourceType"]["@id"].endswith("trainedAlgorithmicMedia")
    assert "base/pretraining/blocks.parquet, corpus/train.parquet" in text["description"]
    assert "digitalSourceType" not in entities[f"{TEXT}0/training.parquet"]


def test_what_was_measured_is_no_option(results):
    crate.main([str(results), *DATE])
    entities = described(results)
    action = entities[f"#job/{TEXT}1/model/manifest.json"]
    assert "loss_by_epoch" in {entities[one].get("name") for one in references(action["result"])}
    assert "loss_by_epoch" not in {entities[one].get("name") for one in references(action["object"])}


def test_the_same_results_give_the_same_bytes(results, finished):
    first = results.with_name("first")
    for output in (first, results.with_name("second")):
        assert crate.main([str(results), *DATE, "--output", str(output)]) == 0
    assert (first / NAME).read_bytes() == (results.with_name("second") / NAME).read_bytes()
    crate.main([str(results), *DATE])
    crate.main([str(results), *DATE])  # the first description is no part of the second
    assert described(results)["./"]["datePublished"] == "2026-01-31"
    assert (first / NAME).read_bytes() == (results / NAME).read_bytes()


def test_a_copy_is_whole_without_the_weights(results):
    output = results.with_name("published")
    crate.main([str(results), *DATE, "--output", str(output), "--without-models", "--license", "CC-BY-4.0"])
    read = ROCrate(output)
    assert read.root_dataset["license"].id == "https://spdx.org/licenses/CC-BY-4.0"
    parts = {one.id for one in read.data_entities}
    found = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    assert found == {*parts, NAME} and not any(path.endswith(".safetensors") for path in found)
    weights = read.get(f"#left-out/{TEXT}1/model/model.safetensors")
    assert weights["sha256"] == sha256(results / f"{TEXT}1/model/model.safetensors")


@pytest.mark.parametrize(
    "path",
    [f"{TEXT}0/synthetic.parquet", f"{TEXT}0/synthetic.manifest.json", "text/summary.csv", f"{TEXT}1/metrics.json"],
)
def test_a_file_that_was_changed_is_refused_by_name(results, capsys, path):
    with (results / path).open("a") as file:
        file.write("\n")
    with pytest.raises(SystemExit) as end:
        crate.main([str(results), *DATE, "--output", str(results.with_name("published"))])
    message = capsys.readouterr().err
    assert end.value.code == 2 and path in message and "differs" in message
    assert not results.with_name("published").exists() and not (results / NAME).exists()


@pytest.mark.parametrize("path", ["config.yaml", f"{TEXT}1/manifest.json", "corpus/train.parquet", "figures/tails.svg"])
def test_a_file_that_is_missing_is_named(results, capsys, path):
    (results / path).unlink()
    with pytest.raises(SystemExit):
        crate.main([str(results), *DATE])
    assert f"{path}: missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--date"),
        (["--date", "soon"], "soon: not a date"),
        ([*DATE, "--license", "my own"], "neither an SPDX name"),
        ([*DATE, "--without-models"], "name a folder with --output"),
        ([*DATE, "--output", "."], "exists; name a new folder"),
    ],
)
def test_a_wrong_request_is_explained(results, capsys, arguments, message):
    with pytest.raises(SystemExit):
        crate.main([str(results), *arguments])
    assert message in capsys.readouterr().err


def test_a_copy_among_the_results_is_refused(results, capsys):
    place = Path(shutil.copytree(results, results.with_name("results") / "tiny"))
    with pytest.raises(SystemExit):
        crate.main([str(place), *DATE, "--output", str(place.with_name("crate"))])
    assert "name a folder elsewhere" in capsys.readouterr().err


def test_every_kind_of_manifest_has_its_script():
    kinds = set()
    for path in (ROOT / "scripts").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write":
                kinds |= {argument.value for argument in node.args[1:2] if isinstance(argument, ast.Constant)}
    assert kinds == {*recorded_jobs.SCRIPTS}
    for kind, script in recorded_jobs.SCRIPTS.items():
        assert f'"{kind}"' in (ROOT / "scripts" / f"{script}.py").read_text()
