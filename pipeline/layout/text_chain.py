"""Where the links of a chain lie and what each job of a link is told: the configuration, as paths and flags."""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from collapse.mixing import POLICIES
from pipeline.arms import finetune_settings, generate_settings, policy_settings
from pipeline.layout.sharing import KINDS, Recipes


def flags(**values: Any) -> str:
    """One string of named flags: Snakemake compares parameters as a set of values, in which a swap goes unseen.

    None leaves a flag out; a list repeats it; a dictionary repeats it with key=value. Values are quoted for a shell.
    """
    parts = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            value = [f"{key}={one}" for key, one in value.items()]
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                # joined to its flag, a word that begins with a dash is not taken for another flag
                between = "=" if isinstance(one, str) and one.startswith("-") else " "
                parts.append(f"--{name.replace('_', '-')}{between}{shlex.quote(str(one))}")
    return " ".join(parts)


class Chain:
    """All generations of all arms and seeds of one configuration."""

    def __init__(self, config: Mapping[str, Any], folder: str) -> None:
        self.config = config
        self.folder = folder
        self.arms: Sequence[str] = config["text"]["arms"]
        self.seeds: list[int] = config["text"]["seeds"]
        self.generations: int = config["text"]["generations"]
        self.recipes = Recipes(config)
        self.base = f"{Path(folder).parent}/base"
        self.corpus = f"{Path(folder).parent}/corpus"

    def link(self, kind: str, arm: str, seed: int | str, generation: int | str) -> str:
        """Folder in which an arm's training set, model, text or evaluation of a generation lies."""
        return f"{self.folder}/{self.recipes.owner(kind, arm, int(generation))}/seed{seed}/generation{generation}"

    def arm_of(self, folder: str) -> str:
        """The arm that a folder of `link` belongs to."""
        return folder.removeprefix(f"{self.folder}/").split("/")[0]

    def owners(self, *sources: Callable[[Any], str | None]) -> Callable[[Any], str]:
        """Flags that say from which arms' folders a job takes what these methods name."""

        def options(wildcards: Any) -> str:
            found = {source.__name__: source(wildcards) for source in sources}
            return flags(**{f"{name}_arm": self.arm_of(folder) for name, folder in found.items() if folder})

        return options

    def links(self) -> list[str]:
        """Folders of every evaluation that the configuration asks for, shared ones once."""
        places = ((arm, seed, one) for arm in self.arms for seed in self.seeds for one in range(self.generations))
        return list(dict.fromkeys(self.link("evaluation", *place) for place in places))

    def sharing(self) -> str:
        """How many jobs make all links, and how many it would take if arms shared nothing."""
        places = [(arm, seed, one) for arm in self.arms for seed in self.seeds for one in range(self.generations)]
        jobs = sum(len({self.link(kind, *place) for place in places}) for kind in KINDS)
        return f"{jobs:,} jobs for {len(places):,} generations; {len(KINDS) * len(places):,} if arms shared nothing"

    def training(self, wildcards: Any) -> str:
        """Folder of the training set that a job's link takes."""
        return self.link("training", wildcards.arm, wildcards.seed, wildcards.generation)

    def model(self, wildcards: Any) -> str:
        """Folder of the link whose model writes or is judged."""
        return self.link("model", wildcards.arm, wildcards.seed, wildcards.generation)

    def text(self, wildcards: Any) -> str:
        """Folder of the synthetic text that is judged."""
        return self.link("text", wildcards.arm, wildcards.seed, wildcards.generation)

    def generation0(self, wildcards: Any) -> str:
        """Folder of the link whose model is generation 0 of a job's chain."""
        return self.link("model", wildcards.arm, wildcards.seed, 0)

    def earlier(self, wildcards: Any) -> list[str]:
        """Folders of the texts that the arm's policy reads; none for generation 0."""
        generation = int(wildcards.generation)
        if generation == 0:
            return []
        policy = POLICIES[self.config["arms"][wildcards.arm]["policy"]]
        if policy.pools:
            return [self.link("text", arm, seed, generation - 1) for arm, seed in self.writers(wildcards)]
        first = 0 if policy.history == "all" else generation - 1
        return [self.link("text", wildcards.arm, wildcards.seed, one) for one in range(first, generation)]

    def writers(self, wildcards: Any) -> list[tuple[str, int]]:
        """Arm and seed of each model that writes the pool that an arm reads."""
        options = policy_settings(self.config, wildcards.arm)
        seeds = self.seeds if options["writer_seeds"] == "all" else [int(wildcards.seed)]
        return [(arm, seed) for arm in options["writers"] for seed in seeds]

    def start(self, wildcards: Any) -> str | None:
        """Folder of the link whose model fine-tuning starts from; None for the base model."""
        generation = int(wildcards.generation)
        if generation == 0 or finetune_settings(self.config, wildcards.arm)["initialization"] == "base":
            return None
        return self.link("model", wildcards.arm, wildcards.seed, generation - 1)

    def detecting(self, wildcards: Any) -> str | None:
        """Folder of the base model, whose vocabulary a policy that detects watermarks needs; None for the others."""
        detects = int(wildcards.generation) > 0 and POLICIES[self.config["arms"][wildcards.arm]["policy"]].detects
        return self.base if detects else None

    def selecting(self, wildcards: Any) -> str | None:
        """Folder of the text that chooses among a training's epochs; None if the last is kept."""
        selection = finetune_settings(self.config, wildcards.arm)["model_selection"]
        return self.corpus if selection == "validation" else None

    def start_model(self, wildcards: Any) -> str:
        """The folder of its files."""
        folder = self.start(wildcards)
        if folder:
            return f"{folder}/model"
        size = finetune_settings(self.config, wildcards.arm)["size"]
        return f"{self.base}/sizes/{size}" if size else self.base

    def previous(self, wildcards: Any) -> str | None:
        """Folder of the text that a generation continues; None for the human text, or for nothing."""
        generation = int(wildcards.generation)
        if generation == 0 or generate_settings(self.config, wildcards.arm)["prompts"] != "previous":
            return None
        return self.link("text", wildcards.arm, wildcards.seed, generation - 1)

    def mix_options(self, wildcards: Any) -> str:
        """A policy's options; the base case of the chain is here and nowhere else."""
        if int(wildcards.generation) == 0:
            return flags(policy="human")
        earlier, name = self.earlier(wildcards), self.config["arms"][wildcards.arm]["policy"]
        pools = POLICIES[name].pools
        return flags(
            policy=name,
            option=None if pools else policy_settings(self.config, wildcards.arm),
            synthetic=[f"{folder}/synthetic.parquet" for folder in earlier],
            synthetic_arm=[self.arm_of(folder) for folder in earlier],
            synthetic_seed=[seed for _, seed in self.writers(wildcards)] if pools else None,
            base=self.detecting(wildcards),
        )

    def finetune_command(self) -> str:
        """How the training script is started: by itself, or by accelerate as several processes."""
        processes = self.config["text"]["finetune"]["processes"]
        if processes == 1:
            return "python -m scripts finetune"
        # port 0: any that is free, since jobs run beside each other
        return (
            f"accelerate launch --multi_gpu --num_processes {processes} --num_machines 1 --main_process_port 0"
            " --mixed_precision no --dynamo_backend no --module scripts.finetune"
        )

    def finetune_options(self, wildcards: Any) -> str:
        """Training options, the arm's own; not how training is started or how often it is saved."""
        options = finetune_settings(self.config, wildcards.arm)
        for key in ("processes", "checkpoint_minutes", "initialization", "size"):
            del options[key]
        corpus = self.selecting(wildcards)
        validation = f"{corpus}/validation.parquet" if corpus else None
        return flags(**options, validation=validation, device=self.config["device"], threads=self.config["threads"])

    def decoder_options(self, wildcards: Any) -> str:
        """How text is continued, synthetic text and the passage alike: of the options, the decoder's own alone."""
        options = generate_settings(self.config, wildcards.arm)
        del options["shards"]
        if options["prompts"] == "previous" and int(wildcards.generation) == 0:
            options["prompts"] = "original"
        return flags(
            decode_batch_blocks=options.pop("batch_blocks"),
            **options,
            new_tokens=self.config["corpus"]["block_tokens"],
            device=self.config["device"],
            threads=self.config["threads"],
        )

    def reference(self, wildcards: Any) -> str | None:
        """Folder of the link whose model a verifier judges by; None where nothing is chosen."""
        chosen = generate_settings(self.config, wildcards.arm)["candidates"] > 1
        return self.generation0(wildcards) if chosen else None

    def judging(self, wildcards: Any) -> str | None:
        """Folder of the held-out human text that a verifier judges by; None where nothing is chosen."""
        return self.corpus if self.reference(wildcards) else None

    def text_sources(self, wildcards: Any) -> str:
        """Whose model writes, the text that it continues if that is not the human text, and what a verifier needs."""
        found = self.owners(self.model, self.previous)(wildcards)
        if folder := self.previous(wildcards):
            found += " " + flags(previous=f"{folder}/synthetic.parquet")
        if folder := self.reference(wildcards):
            found += " " + flags(generation0_model=f"{folder}/model", generation0_arm=self.arm_of(folder))
        return found

    def shard_options(self, wildcards: Any) -> str:
        """Which of the shards a job writes; nothing if there is only one."""
        shards = self.config["text"]["generate"]["shards"]
        return flags(shard=wildcards.shard, shards=shards) if shards > 1 else ""

    def evaluate_options(self) -> str:
        """How a generation is judged."""
        options = dict(self.config["text"]["evaluate"])
        scoring = {f"scoring_{name}": options.pop(name) for name in ("precision", "batch_blocks")}
        return flags(**scoring, **options)

    def families(self) -> list[str]:
        """Arms that differ in nothing but on how many blocks they are trained, as `a,b,c`; none of one."""
        found: dict[str, dict[int | None, str]] = {}
        for arm in self.arms:
            finetune = finetune_settings(self.config, arm)
            blocks = finetune.pop("blocks")
            policy = [self.config["arms"][arm]["policy"], policy_settings(self.config, arm)]
            alike = json.dumps([policy, finetune, generate_settings(self.config, arm)], sort_keys=True)
            found.setdefault(alike, {}).setdefault(blocks, arm)
        return [",".join(family.values()) for family in found.values() if len(family) > 1]

    def summary_options(self) -> str:
        """What the tables are made of: from the configuration, never from what lies on the disk."""
        summary = self.config["text"]["summary"]
        owners = {
            arm: [self.recipes.owner("evaluation", arm, one) for one in range(self.generations)] for arm in self.arms
        }
        return flags(
            text=self.folder,
            # of each arm, whose folder holds how many generations, in their order
            arm={arm: ",".join(f"{one}*{len([*same])}" for one, same in groupby(owners[arm])) for arm in self.arms},
            seed=self.seeds,
            generations=self.generations,
            confidence=summary["confidence"],
            resamples=summary["resamples"],
            histogram_generation=summary["histogram_generations"],
            histogram_bins_per_decade=summary["histogram_bins_per_decade"],
            improbable_quantile=summary["improbable_quantile"],
            family=self.families(),
        )


def file_of(name: str, place: Callable[[Any], str | None]) -> Callable[[Any], str | list[str]]:
    """Input function: a file in the folder that `place` gives for a job, or none."""

    def path(wildcards: Any) -> str | list[str]:
        folder = place(wildcards)
        return f"{folder}/{name}" if folder else []

    return path


def source_options(config: Mapping[str, Any]) -> str:
    """Where human text comes from, the same for every split and for the passage."""
    corpus = {key: value for key, value in config["corpus"].items() if not key.endswith("_blocks")}
    return flags(file=corpus.pop("files"), hub_split=corpus.pop("splits"), **corpus)


def user_files(config: Mapping[str, Any]) -> list[Path]:
    """Local files of the configuration that the corpus is made of."""
    corpus = config["corpus"]
    if "text" not in config["parts"] or corpus["source"] != "files":
        return []
    return [Path(corpus["folder"] or ".") / name for name in corpus["files"].values()]


def pretraining_files(config: Mapping[str, Any]) -> list[Path]:
    """Local files of the configuration that the base model is pretrained on."""
    pretraining = config["base_model"]["pretraining"]
    if "text" not in config["parts"] or config["base_model"]["source"] != "pretrain" or pretraining["text"] != "files":
        return []
    return [Path(name) for name in pretraining["files"]]
