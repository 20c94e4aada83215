"""Jobs of finished results in the vocabulary of RO-Crate 1.1 and of its Process Run Crate profile 0.5.

A file is a File and a run of a script is a CreateAction. Its `instrument` is the script with the hash of its code. Its
`object` lists inputs and options, its `result` the outputs. Synthetic text names its model and its human text.
"""

import hashlib
import json
from pathlib import PurePosixPath
from typing import Any

from rocrate.model.computerlanguage import get_lang
from rocrate.model.contextentity import ContextEntity
from rocrate.model.file import File
from rocrate.rocrate import ROCrate

from collapse.artefacts import sha256
from pipeline.provenance.recorded_jobs import Job, Results

NAME = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TERMS = {name: f"http://schema.org/{name}" for name in ("digitalSourceType", "sha256")}  # not in every 1.1 context
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype"
SYNTHETIC = f"{SOURCE_TYPES}/trainedAlgorithmicMedia"
MIXED = f"{SOURCE_TYPES}/compositeWithTrainedAlgorithmicMedia"
FORMATS = {
    ".csv": "text/csv",
    ".gif": "image/gif",
    ".html": "text/html",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".rst": "text/x-rst",
    ".safetensors": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
}
ORIGINALS = ("human text", "pretraining text", "human passage", "real images")  # kinds of files that humans made
# names that manifests list among the options although they are results
MEASURED = {
    *("absorbed", "blocks", "blocks_kept", "detection", "documents", "end_of_text_share", "human_fraction"),
    *("loss_by_epoch", "parameters", "rows", "synthetic_set_sha256", "test_accuracy", "text_sha256"),
    *("training_blocks", "training_images", "training_tokens", "validation_loss_by_epoch", "words"),
}


def describe(
    results: Results, date: str, licence: str | None, human_licence: str | None, left_out: set[str]
) -> dict[str, Any]:
    """Return the metadata file as JSON-LD. Files in `left_out` are described, but are no parts of the crate."""
    metadata: dict[str, Any] = _Description(results, date, licence, human_licence, left_out).crate.metadata.generate()
    return metadata | {"@graph": [_compact(entity) for entity in metadata["@graph"]]}


class _Description:
    """A crate, filled in an order that depends on the results alone."""

    def __init__(
        self, results: Results, date: str, licence: str | None, human_licence: str | None, left_out: set[str]
    ) -> None:
        self.results = results
        self.left_out = left_out
        self.makers = results.maker()
        self.crate = ROCrate(version="1.1")
        self.crate.metadata.extra_terms.update(TERMS)
        self.ids = {path: f"#left-out/{path}" if path in left_out else path for path in results.files}
        self.originals = self._licence(human_licence, "#licence-of-originals", self._about_originals())
        self.licence = self._licence(licence, "#licence", ABOUT_LICENCE)
        self._describe_root(date)
        for path in sorted(results.files):
            self._add_file(path)
        for path in results.records():
            self._file(path, "Snakemake's record", "Snakemake's record of the jobs that made the files of this folder.")
        actions = [self._add_action(job) for job in sorted(results.jobs, key=_name)]
        self.crate.root_dataset["mentions"] = [self._add_run(), *actions]

    def _describe_root(self, date: str) -> None:
        root, experiment = self.crate.root_dataset, self.results.config["experiment"]
        texts = sum(job.kind == "synthetic text" for job in self.results.jobs)
        root["name"] = f"Model collapse: results of the experiment {experiment}"
        root["description"] = (
            "Results of the model-collapse laboratory: generative models trained on the output of earlier generations, "
            "after Shumailov et al., Nature 2024 (doi 10.1038/s41586-024-07566-y). The crate holds "
            f"{texts} synthetic texts with their sources, tables and figures. Checksums and provenance come from the "
            "manifests beside the files. Tables and figures have no manifest: their provenance comes from Snakemake's "
            "record, and their checksums were computed for this description."
        )
        root["datePublished"] = date
        root["license"] = self.licence
        root["conformsTo"] = self._entity(PROFILE, "CreativeWork", name="Process Run Crate", version="0.5")

    def _about_originals(self) -> str:
        sources = sorted({_source(job) for job in self.results.jobs if job.manifest and job.kind in ORIGINALS})
        return (
            "Human text and images keep the licence of their source; this description grants no licence. "
            f"Sources: {'; '.join(sources) or 'none'}."
        )

    def _licence(self, address: str | None, identifier: str, otherwise: str) -> ContextEntity:
        if address is None:
            return self._entity(identifier, "CreativeWork", name="No licence stated", description=otherwise)
        return self._entity(
            address, "CreativeWork", name=address.removeprefix("https://spdx.org/licenses/"), url=address
        )

    def _add_file(self, path: str) -> None:
        job = self.makers[path]
        if path == job.manifest:
            about = {"about": [{"@id": self.ids[output]} for output in sorted(job.outputs)]}
            self._file(
                path, "manifest", f"Manifest of {job.kind}: checksums, parents, code, options, libraries.", **about
            )
            return
        more: dict[str, Any] = {}
        description = f"{_subject(job)}: {PurePosixPath(path).name}."
        if job.kind == "synthetic text":
            description = self._about_text(job)
            more = {"digitalSourceType": {"@id": SYNTHETIC}, "isBasedOn": self._references(job.inputs)}
        elif job.kind == "training set":
            description, source = _about_mix(job)
            more = {"isBasedOn": self._references(job.inputs)}
            if source:
                more["digitalSourceType"] = {"@id": source}
            if source != SYNTHETIC:
                more["license"] = [self.licence, self.originals] if source else self.originals
        elif job.kind in ORIGINALS and not path.endswith("tokenizer.json"):
            more["license"] = self.originals
        elif job.script == "fetch_base_model":
            more["license"] = self._licence(
                None, "#licence-of-base-model", f"The licence of its repository: {_source(job)}."
            )
        self._file(path, job.kind, description, **more)

    def _about_text(self, job: Job) -> str:
        models = [path for path in job.inputs if path.endswith(".safetensors")]
        texts = [path for path in self._behind(job) if path.endswith(".parquet")]
        originals = [path for path in texts if self.makers[path].kind in ORIGINALS]
        return (
            f"{_subject(job)}: blocks of {job.options['new_tokens']} tokens that no human wrote, as token ids. "
            f"Written by {', '.join(models)} (decoder {job.options['decoder']}, prompts {job.options['prompts']}). "
            f"Human text among its sources: {', '.join(originals)}."
        )

    def _behind(self, job: Job) -> list[str]:
        """List the inputs of a job, the inputs of the jobs that made these, and so on."""
        sources: set[str] = set()
        waiting = [*job.inputs]
        while waiting:
            path = waiting.pop()
            if path not in sources:
                sources.add(path)
                waiting += self.makers[path].inputs
        return sorted(sources)

    def _file(self, path: str, kind: str, description: str, **more: Any) -> None:
        source = self.results.folder / path
        known = self.results.files.get(path)
        properties = {
            "name": path,
            "description": description,
            "keywords": kind,
            "encodingFormat": FORMATS.get(source.suffix, "application/octet-stream"),
            "sha256": known.sha256 if known else sha256(source),
            "contentSize": str(known.bytes if known else source.stat().st_size),
            **more,
        }
        if path in self.left_out:
            properties["description"] += " Not part of this crate; the checksum identifies the file."
            self._entity(self.ids[path], "CreativeWork", **properties)
        else:
            self.crate.add(File(self.crate, dest_path=path, properties=properties))

    def _references(self, paths: tuple[str, ...] | list[str]) -> list[dict[str, str]]:
        return [{"@id": self.ids[path]} for path in paths]

    def _add_action(self, job: Job) -> ContextEntity:
        values = {name: value for name, value in sorted(job.options.items()) if value is not None}
        options = [self._value(name, value) for name, value in values.items() if name not in MEASURED]
        measured = [self._value(name, value) for name, value in values.items() if name in MEASURED]
        outputs = [*sorted(job.outputs), *([job.manifest] if job.manifest else [])]
        return self._entity(
            f"#job/{_name(job)}",
            "CreateAction",
            name=f"{job.script}: {_name(job)}",
            description=f"One run of scripts/{job.script}.py.",
            instrument=self._script(job),
            object=[*self._references(job.inputs), *options],
            result=[*self._references(outputs), *measured],
        )

    def _add_run(self) -> ContextEntity:
        """Describe the whole run: the workflow made, from the configuration, all files that no job reads."""
        scripts = [entity for entity in self.crate.get_entities() if entity.id.startswith("#script/")]
        language = self.crate.add(get_lang(self.crate, "snakemake"))
        workflow = self._entity(
            "#workflow",
            ["SoftwareSourceCode", "ComputationalWorkflow"],
            name="model-collapse: Snakefile",
            description="The Snakemake workflow whose jobs ran these scripts. The scripts' hashes identify its code.",
            programmingLanguage=language,
            license=self._entity("https://spdx.org/licenses/Apache-2.0", "CreativeWork", name="Apache-2.0"),
            hasPart=sorted(scripts, key=lambda script: script.id),
        )
        read = {path for job in self.results.jobs for path in job.inputs}
        made = [path for job in self.results.jobs for path in job.outputs if path not in read]
        return self._entity(
            "#run",
            "CreateAction",
            name=f"Run of the experiment {self.results.config['experiment']}",
            description="All jobs together, from the resolved configuration to the files that no job reads.",
            instrument=workflow,
            object=self._references(["config.yaml"]),
            result=self._references(sorted({*made} - {"config.yaml"})),
        )

    def _script(self, job: Job) -> ContextEntity:
        libraries = [
            self._entity(f"#library/{name}-{version}", "SoftwareApplication", name=name, softwareVersion=version)
            for name, version in sorted(job.libraries.items())
        ]
        known = "" if libraries else " The versions of its libraries are not recorded."
        return self._entity(
            f"#script/{job.script}-{job.code}-{_digest(sorted(job.libraries.items()))}",
            "SoftwareSourceCode",
            name=f"scripts/{job.script}.py",
            version=job.code,
            description=f"The version is a hash of the script and of the modules that it imports from here.{known}",
            programmingLanguage="Python",
            **({"softwareRequirements": libraries} if libraries else {}),
        )

    def _value(self, name: str, value: Any) -> ContextEntity:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False) if isinstance(value, (dict, list)) else value
        return self._entity(f"#option/{name}-{_digest([value])}", "PropertyValue", name=name, value=text)

    def _entity(self, identifier: str, kind: str | list[str], **properties: Any) -> ContextEntity:
        """Return the contextual entity of this identifier; add it to the crate if it is not there yet."""
        known = self.crate.dereference(identifier)
        return known or self.crate.add(ContextEntity(self.crate, identifier, {"@type": kind, **properties}))


ABOUT_LICENCE = (
    "The author of this description has stated no licence. Ask before you use these files. Before you publish them, "
    "state a licence for the results, and respect the licence of the human text."
)


def _compact(entity: dict[str, Any]) -> dict[str, Any]:
    """Replace a list of one value by the value, as RO-Crate requires, and drop empty lists."""
    values = {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in entity.items()
    }
    return {name: value for name, value in values.items() if value != []}


def _name(job: Job) -> str:
    return job.manifest or min(job.outputs)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _subject(job: Job) -> str:
    """Name the output of a job and its place in a chain: `Synthetic text of arm replace, seed 1, generation 3`."""
    place = [f"{key} {job.options[key]}" for key in ("arm", "method", "seed", "generation") if key in job.options]
    place = place if "generation" in job.options else []
    return job.kind.capitalize() + (f" of {', '.join(place)}" if place else "")


def _about_mix(job: Job) -> tuple[str, str | None]:
    """Describe a training set, and return its source type: None if all of it is human text."""
    share = job.options["human_fraction"]
    text = (
        f"{_subject(job)}: a share of {share:.3g} of its blocks is human text, the rest is synthetic; see the column "
        f"origin (policy {job.options['policy']})."
    )
    return text, None if share == 1 else SYNTHETIC if share == 0 else MIXED


def _source(job: Job) -> str:
    """Name the source of human text or images, from their manifest."""
    names = ("source", "text", "repository", "revision", "python", "scikit_learn")
    return f"{job.kind} ({', '.join(f'{name} {job.options[name]}' for name in names if job.options.get(name))})"
