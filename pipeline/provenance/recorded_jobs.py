"""What each job behind finished results has read, run and written, from what they say of themselves.

Steps of a chain have manifests. Tables and figures have none: how they were made is in Snakemake's packed records.
Which there are is asked of the configuration, never of the disk, where files of an earlier configuration may lie.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from collapse.artefacts import SCHEMA_VERSION, ArtefactError, check_files, sha256
from pipeline.layout.mixture_chain import MixtureChain
from pipeline.layout.text_chain import TextChain
from pipeline.layout.vae_chain import VaeChain
from pipeline.provenance import records

SCRIPTS = {  # by the kind of their manifests; a test holds it to the scripts
    "pretraining text": "prepare_pretraining",
    "base model": "pretrain",
    "human text": "prepare_corpus",
    "training set": "mix",
    "model": "finetune",
    "synthetic text": "generate",
    "generation": "evaluate",
    "discrete chains": "simulate_discrete",
    "gaussian chains": "simulate_gaussian",
    "mixture chains": "simulate_mixture",
    "real images": "prepare_images",
    "image classifier": "train_classifier",
    "autoencoder": "train_vae",
    "autoencoder evaluation": "evaluate_vae",
    "three errors": "simulate_three_errors",
}
KINDS = {"write_configuration": "configuration", "find_passage": "human passage"}  # of rules without a manifest
COMMAND = re.compile(r"python -m scripts (?P<script>\w+)")


@dataclass(frozen=True)
class Written:
    """A file as it was written."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Job:
    """One run of a script; paths are relative to the results."""

    kind: str
    script: str
    code: str
    inputs: tuple[str, ...]
    outputs: Mapping[str, Written]
    options: Mapping[str, Any]
    libraries: Mapping[str, str]  # empty where nothing records them
    manifest: str | None  # None where Snakemake's record says all that is known


class Results:
    """The jobs of `results/<experiment>`, each file that they name checked; ArtefactError names what differs.

    `unasked` are tables and figures that were made from what the configuration does not ask for any more.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / "config.yaml"
        if not path.is_file():
            raise ArtefactError(f"{path}: missing; name a finished results folder, such as results/default")
        self.config = yaml.safe_load(path.read_text())
        self.prefix = f"results/{self.config['experiment']}/"
        self.jobs: list[Job] = []
        self.files: dict[str, Written] = {}
        self.unasked: list[str] = []
        self._recorded = self._records()
        self._seen: set[str] = set()
        for place in ends(self.config):
            self._add_manifest(f"{place}manifest.json")
        self._add_tables()
        if path.name not in self.files:
            raise ArtefactError(f"{path}: Snakemake has no record of it; run the experiment once more")

    def maker(self) -> dict[str, Job]:
        """The job that wrote each file, its manifest included."""
        return {path: job for job in self.jobs for path in (*job.outputs, *filter(None, [job.manifest]))}

    def records(self) -> list[str]:
        """Snakemake's packed records, on which tables and figures rest."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.glob(f"*/{records.NAME}"))

    def _records(self) -> dict[str, dict[str, Any]]:
        """What Snakemake knows of each output."""
        found: dict[str, dict[str, Any]] = {}
        for name in self.records():
            found |= {self._inside(path): one for path, one in json.loads((self.folder / name).read_text()).items()}
        if not found:
            raise ArtefactError(f"{self.folder}: no {records.NAME} in any folder; run the experiment once more")
        return found

    def _inside(self, path: str) -> str:
        if not path.startswith(self.prefix):
            raise ArtefactError(f"{path}: not in {self.prefix}, of which {self.folder}/config.yaml speaks")
        return path.removeprefix(self.prefix)

    def _add_manifest(self, name: str, digest: str | None = None) -> None:
        """A manifest's job, after its parents'; `digest` is what the reader of this manifest has recorded."""
        path = self.folder / name
        if not path.is_file():
            raise ArtefactError(f"{path}: missing; run the experiment to its end, or dvc checkout")
        if digest is not None and sha256(path) != digest:
            raise ArtefactError(f"{path}: differs from what was read of it; run the experiment again, or dvc checkout")
        if name in self._seen:
            return
        self._seen.add(name)
        manifest = json.loads(path.read_text())
        if manifest.get("schema_version") != SCHEMA_VERSION:
            raise ArtefactError(f"{path}: schema version {manifest.get('schema_version')}, this code reads another")
        check_files(path, manifest)
        inputs: list[str] = []
        for parent, recorded in manifest["parents"].items():
            self._add_manifest(self._inside(parent), recorded)
            inputs += self._listed(self._inside(parent))
        # a passage or a tokenizer has no manifest of its own among the parents: Snakemake saw it read
        seen = self._recorded.get(name, {}).get("input", [])
        inputs += [self._inside(one) for one in seen if one.startswith(self.prefix)]
        hub = manifest["kind"] == "base model" and manifest["options"].get("source") == "hub"
        folder = Path(name).parent
        job = Job(
            kind=manifest["kind"],
            script="fetch_base_model" if hub else SCRIPTS[manifest["kind"]],
            code=manifest["code"],
            inputs=tuple(sorted({one for one in inputs if not one.endswith("manifest.json")})),
            outputs={
                (folder / file).as_posix(): Written(about["sha256"], about["bytes"])
                for file, about in manifest["files"].items()
            },
            options=manifest["options"],
            libraries=manifest["libraries"],
            manifest=name,
        )
        self._add(job)
        self.files[name] = self._written(name)

    def _listed(self, manifest: str) -> list[str]:
        folder = Path(manifest).parent
        return [(folder / file).as_posix() for file in json.loads((self.folder / manifest).read_text())["files"]]

    def _add_tables(self) -> None:
        """What has no manifest, by Snakemake's records, from what the manifests name on."""
        commands: dict[str, list[str]] = {}
        for output, record in sorted(self._recorded.items()):
            commands.setdefault(record["shellcmd"], []).append(output)
        waiting = [one for one in commands.values() if not any(path.endswith("manifest.json") for path in one)]
        while ready := [one for one in waiting if self._known(one[0])]:
            for outputs in ready:
                self._add(self._table_job(outputs))
            waiting = [one for one in waiting if one not in ready]
        self.unasked = sorted(path for outputs in waiting for path in outputs)
        for job in self.jobs:  # Snakemake names also what is gone by now, such as shards
            if unknown := set(job.inputs) - set(self.files):
                self.jobs[self.jobs.index(job)] = without(job, unknown)

    def _known(self, output: str) -> bool:
        return all(self._inside(one) in self.files for one in self._recorded[output]["input"])

    def _table_job(self, outputs: list[str]) -> Job:
        record = self._recorded[outputs[0]]
        for one, checksum in (record.get("input_checksums") or {}).items():
            if checksum != f"sha256:{self.files[self._inside(one)].sha256}":
                raise ArtefactError(
                    f"{self.folder / self._inside(one)}: differs from what {outputs[0]} was made from; run the "
                    "experiment again, or dvc checkout"
                )
        options = command_options(record["shellcmd"])
        code = str(options.pop("code"))
        options.pop("benchmark", None)
        found = COMMAND.match(record["shellcmd"])
        return Job(
            kind=KINDS.get(record["rule"]) or ("figure" if outputs[0].startswith("figures/") else "table"),
            script=found["script"] if found else record["rule"],
            code=code,
            inputs=tuple(sorted(self._inside(one) for one in record["input"] if not one.endswith("manifest.json"))),
            outputs={path: self._written(path) for path in outputs},
            options={name: value for name, value in options.items() if self.prefix not in json.dumps(value)},
            libraries={},
            manifest=None,
        )

    def _add(self, job: Job) -> None:
        self.jobs.append(job)
        self.files |= job.outputs

    def _written(self, name: str) -> Written:
        path = self.folder / name
        if not path.is_file():
            raise ArtefactError(f"{path}: missing although it was made; run the experiment again, or dvc checkout")
        return Written(sha256(path), path.stat().st_size)


def ends(config: Mapping[str, Any]) -> Iterator[str]:
    """Where the manifests lie that the configuration asks for, up to their name; the others are behind these."""
    parts = config["parts"]
    if "text" in parts:
        yield "corpus/validation."
        yield from (f"{folder}/" for folder in TextChain(config, "text").links())
    if "discrete" in parts:
        options = config["discrete"]
        yield from (f"discrete/{one}/samples{size}/" for one in options["distributions"] for size in options["samples"])
    if "gaussian" in parts:
        options = config["gaussian"]
        yield from (
            f"gaussian/{variant}/dimensions{dimensions}/samples{size}/"
            for variant in options["variants"]
            for dimensions in options["dimensions"]
            for size in options["samples"]
        )
    if "mixture" in parts:
        yield from (f"{folder}/" for folder in MixtureChain(config, "mixture").links())
    if "vae" in parts:
        yield from (f"{folder}/" for folder in VaeChain(config, "vae").links())
    if "three_errors" in parts:
        yield "three_errors/"


def command_options(command: str) -> dict[str, Any]:
    """The named flags of a shell command; one that is repeated, or has many words, has a list."""
    found: dict[str, list[str]] = {}
    name = ""
    for word in shlex.split(command.rpartition(" 2> ")[0] or command):
        if word.startswith("--"):
            name, given, value = word.removeprefix("--").partition("=")
            name = name.replace("-", "_")
            found.setdefault(name, []).extend([value] if given else [])
        elif name:
            found[name].append(word)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def without(job: Job, unknown: set[str]) -> Job:
    """The job, without inputs of which nothing is known."""
    inputs = tuple(one for one in job.inputs if one not in unknown)
    return Job(**{**vars(job), "inputs": inputs})
