"""Inputs, script, options and outputs of each job behind finished results.

Steps of a chain have manifests. Tables and figures have none: their jobs come from Snakemake's packed records. The
configuration names the steps, because the folder may hold files of an earlier configuration.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from collapse.artefacts import SCHEMA_VERSION, ArtefactError, check_files, sha256
from pipeline.layout.mixture_chain import MixtureChain
from pipeline.layout.text_chain import TextChain
from pipeline.layout.theory_chains import discrete_chains, gaussian_chains
from pipeline.layout.vae_chain import VaeChain
from pipeline.provenance import records

SCRIPTS = {  # by the kind of the manifest; a test compares this with the scripts
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
KINDS = {"write_configuration": "configuration", "find_passage": "human passage"}  # for rules without a manifest
COMMAND = re.compile(r"python -m scripts (?P<script>\w+)")


@dataclass(frozen=True)
class Written:
    """Checksum and size of a file when it was written."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Job:
    """One run of a script. Paths are relative to the results."""

    kind: str
    script: str
    code: str
    inputs: tuple[str, ...]
    outputs: Mapping[str, Written]
    options: Mapping[str, Any]
    libraries: Mapping[str, str]  # empty for jobs without a manifest
    manifest: str | None  # None for jobs that only Snakemake records


class Results:
    """The jobs of `results/<experiment>`. Every file is checked; raises ArtefactError for a file that differs.

    `left_out` are tables and figures of an earlier configuration.
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
        self.left_out: list[str] = []
        self._recorded = self._records()
        self._outputs: dict[str, list[str]] = {}  # of each manifest's job
        for place in ends(self.config):
            self._add_manifest(f"{place}manifest.json")
        self._add_tables()
        if path.name not in self.files:
            raise ArtefactError(f"{path}: Snakemake has no record of it; run the experiment once more")

    def maker(self) -> dict[str, Job]:
        """Return the job that wrote each file, manifests included."""
        return {path: job for job in self.jobs for path in (*job.outputs, *filter(None, [job.manifest]))}

    def records(self) -> list[str]:
        """Return the files with Snakemake's packed records, which describe tables and figures."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.glob(f"*/{records.NAME}"))

    def _records(self) -> dict[str, dict[str, Any]]:
        """Read Snakemake's record of each output."""
        packed: dict[str, dict[str, Any]] = {}
        for name in self.records():
            packed |= json.loads((self.folder / name).read_text())
        if not packed:
            raise ArtefactError(f"{self.folder}: no {records.NAME} in any folder; run the experiment once more")
        return {self._inside(path): record for path, record in packed.items()}

    def _inside(self, path: str) -> str:
        if not path.startswith(self.prefix):
            raise ArtefactError(f"{path}: not in {self.prefix}, the folder of {self.folder}/config.yaml")
        return path.removeprefix(self.prefix)

    def _add_manifest(self, name: str, digest: str | None = None) -> None:
        """Add the jobs of a manifest's parents, then its own. `digest` is the checksum that a reader has recorded."""
        path = self.folder / name
        if not path.is_file():
            raise ArtefactError(f"{path}: missing; run the experiment to its end, or dvc checkout")
        if digest is not None and sha256(path) != digest:
            raise ArtefactError(
                f"{path}: differs from the manifest that was read; run the experiment again, or dvc checkout"
            )
        if name in self.files:
            return
        manifest = json.loads(path.read_text())
        if manifest.get("schema_version") != SCHEMA_VERSION:
            raise ArtefactError(f"{path}: schema version {manifest.get('schema_version')}, this code reads another")
        check_files(path, manifest)
        inputs: list[str] = []
        for parent, recorded in manifest["parents"].items():
            self._add_manifest(self._inside(parent), recorded)
            inputs += self._outputs[self._inside(parent)]
        # the manifest names neither a passage nor a tokenizer, but Snakemake records these inputs too
        read = self._recorded.get(name, {}).get("input", [])
        inputs += [self._inside(path) for path in read if path.startswith(self.prefix)]
        hub = manifest["kind"] == "base model" and manifest["options"].get("source") == "hub"
        folder = Path(name).parent
        job = Job(
            kind=manifest["kind"],
            script="fetch_base_model" if hub else SCRIPTS[manifest["kind"]],
            code=manifest["code"],
            inputs=tuple(sorted({path for path in inputs if not path.endswith("manifest.json")})),
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
        self._outputs[name] = [*job.outputs]

    def _add_tables(self) -> None:
        """Add the jobs without a manifest, from Snakemake's records, if all their inputs are among the files so far."""
        commands: dict[str, list[str]] = {}
        for output, record in sorted(self._recorded.items()):
            commands.setdefault(record["shellcmd"], []).append(output)
        waiting = [paths for paths in commands.values() if not any(path.endswith("manifest.json") for path in paths)]
        while ready := [paths for paths in waiting if self._is_known(paths[0])]:
            for outputs in ready:
                self._add(self._table_job(outputs))
            waiting = [paths for paths in waiting if paths not in ready]
        self.left_out = sorted(path for outputs in waiting for path in outputs)
        # Snakemake also records inputs that were removed later, such as shards
        self.jobs = [replace(job, inputs=tuple(path for path in job.inputs if path in self.files)) for job in self.jobs]

    def _is_known(self, output: str) -> bool:
        return all(self._inside(path) in self.files for path in self._recorded[output]["input"])

    def _table_job(self, outputs: list[str]) -> Job:
        record = self._recorded[outputs[0]]
        for path, checksum in (record.get("input_checksums") or {}).items():
            if checksum != f"sha256:{self.files[self._inside(path)].sha256}":
                raise ArtefactError(
                    f"{self.folder / self._inside(path)}: differs from the input of {outputs[0]}; run the "
                    "experiment again, or dvc checkout"
                )
        options = command_options(record["shellcmd"])
        code = str(options.pop("code"))
        options.pop("benchmark", None)
        command = COMMAND.match(record["shellcmd"])
        return Job(
            kind=KINDS.get(record["rule"]) or ("figure" if outputs[0].startswith("figures/") else "table"),
            script=command["script"] if command else record["rule"],
            code=code,
            inputs=tuple(sorted(self._inside(path) for path in record["input"] if not path.endswith("manifest.json"))),
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
            raise ArtefactError(
                f"{path}: missing although Snakemake records it; run the experiment again, or dvc checkout"
            )
        return Written(sha256(path), path.stat().st_size)


def ends(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the last manifests of each chain of a configuration, without `manifest.json`; the others are parents."""
    parts = config["parts"]
    if "text" in parts:
        yield "corpus/validation."
        yield from (f"{folder}/" for folder in TextChain(config, "text").links())
    if "discrete" in parts:
        yield from (f"{folder}/" for folder in discrete_chains(config, "discrete"))
    if "gaussian" in parts:
        yield from (f"{folder}/" for folder in gaussian_chains(config, "gaussian"))
    if "mixture" in parts:
        yield from (f"{folder}/" for folder in MixtureChain(config, "mixture").links())
    if "vae" in parts:
        yield from (f"{folder}/" for folder in VaeChain(config, "vae").links())
    if "three_errors" in parts:
        yield "three_errors/"


def command_options(command: str) -> dict[str, Any]:
    """Return the flags of a shell command and their values: a list for several values."""
    options: dict[str, list[str]] = {}
    name = ""
    for word in shlex.split(command.rpartition(" 2> ")[0] or command):
        if word.startswith("--"):
            name, given, value = word.removeprefix("--").partition("=")
            name = name.replace("-", "_")
            options.setdefault(name, []).extend([value] if given else [])
        elif name:
            options[name].append(word)
    return {name: values[0] if len(values) == 1 else values for name, values in options.items()}
