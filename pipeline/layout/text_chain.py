"""Folders of the text chain, and for each job its inputs and flags."""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby, product
from pathlib import Path
from typing import Any

from collapse.corpus.options import Corpus
from collapse.decoding.options import GenerateJob
from collapse.measures.options import Evaluate
from collapse.options import Compute
from collapse.policies import POLICIES, Policy
from collapse.statistics.options import Summary
from collapse.training.options import Architecture, FinetuneJob, Training
from pipeline.arms import finetune_settings, generate_settings, policy_settings, pretraining_of
from pipeline.layout.link import Link, declared, flags, made_by
from pipeline.layout.sharing import KINDS, Sharing


class TextChain:
    """All generations of all arms and seeds of one configuration."""

    def __init__(self, config: Mapping[str, Any], folder: str) -> None:
        self.config = config
        self.folder = folder
        self.arms: Sequence[str] = config["text"]["arms"]
        self.seeds: list[int] = config["text"]["seeds"]
        self.generations: int = config["text"]["generations"]
        self.sharing = Sharing(config)
        self.base = f"{Path(folder).parent}/base"
        self.corpus = f"{Path(folder).parent}/corpus"

    def link(self, kind: str, arm: str, seed: int | str, generation: int | str) -> Link:
        """Return the place of an arm's training set, model, text or evaluation (`kind`) of a generation."""
        return Link(self.folder, self.sharing.made_by(kind, arm, int(generation)), int(seed), int(generation))

    def places(self) -> list[tuple[str, int, int]]:
        """Return every arm, seed and generation of the configuration."""
        return [*product(self.arms, self.seeds, range(self.generations))]

    def links(self) -> list[Link]:
        """Return the places of all evaluations, each shared place once."""
        return list(dict.fromkeys(self.link("evaluation", *place) for place in self.places()))

    def jobs_shared(self) -> str:
        """Say how many jobs the chain has, and how many it would have if arms shared nothing."""
        places = self.places()
        jobs = sum(len({self.link(kind, *place) for place in places}) for kind in KINDS)
        return f"{jobs:,} jobs for {len(places):,} generations; {len(KINDS) * len(places):,} if arms shared nothing"

    # the inputs of a job, by its wildcards

    def training(self, wildcards: Any) -> Link:
        """Return the training set."""
        return self.link("training", wildcards.arm, wildcards.seed, wildcards.generation)

    def model(self, wildcards: Any) -> Link:
        """Return the model that generates or is evaluated."""
        return self.link("model", wildcards.arm, wildcards.seed, wildcards.generation)

    def text(self, wildcards: Any) -> Link:
        """Return the synthetic text that is evaluated."""
        return self.link("text", wildcards.arm, wildcards.seed, wildcards.generation)

    def generation0(self, wildcards: Any) -> Link:
        """Return the model of generation 0 of the chain."""
        return self.link("model", wildcards.arm, wildcards.seed, 0)

    def policy(self, wildcards: Any) -> Policy:
        return POLICIES[self.config["arms"][wildcards.arm]["policy"]]

    def earlier(self, wildcards: Any) -> list[Link]:
        """Return the texts that the arm's policy reads; none for generation 0."""
        generation = int(wildcards.generation)
        if generation == 0:
            return []
        policy = self.policy(wildcards)
        if policy.pools:
            options = policy_settings(self.config, wildcards.arm)
            seeds = self.seeds if options["writer_seeds"] == "all" else [int(wildcards.seed)]
            return [self.link("text", arm, seed, generation - 1) for arm in options["writers"] for seed in seeds]
        first = 0 if policy.history == "all" else generation - 1
        return [self.link("text", wildcards.arm, wildcards.seed, number) for number in range(first, generation)]

    def start(self, wildcards: Any) -> Link | None:
        """Return the earlier model from which fine-tuning starts; None for the base model."""
        generation = int(wildcards.generation)
        if generation == 0 or finetune_settings(self.config, wildcards.arm)["initialization"] == "base":
            return None
        return self.link("model", wildcards.arm, wildcards.seed, generation - 1)

    def start_model(self, wildcards: Any) -> str:
        """Return the folder of the model from which fine-tuning starts."""
        if link := self.start(wildcards):
            return f"{link}/model"
        size = finetune_settings(self.config, wildcards.arm)["size"]
        return f"{self.base}/sizes/{size}" if size else self.base

    def detecting(self, wildcards: Any) -> str | None:
        """Return the folder of the base model, whose vocabulary a watermark detector needs; None for other policies."""
        return self.base if int(wildcards.generation) > 0 and self.policy(wildcards).detects else None

    def selecting(self, wildcards: Any) -> str | None:
        """Return the folder of the text that selects the best epoch; None if the last epoch is kept."""
        selection = finetune_settings(self.config, wildcards.arm)["model_selection"]
        return self.corpus if selection == "validation" else None

    def previous(self, wildcards: Any) -> Link | None:
        """Return the synthetic text that a generation continues; None if it continues human text or nothing."""
        generation = int(wildcards.generation)
        if generation == 0 or generate_settings(self.config, wildcards.arm)["prompts"] != "previous":
            return None
        return self.link("text", wildcards.arm, wildcards.seed, generation - 1)

    def reference(self, wildcards: Any) -> Link | None:
        """Return the verifier's reference model; None without a verifier."""
        chosen = generate_settings(self.config, wildcards.arm)["candidates"] > 1
        return self.generation0(wildcards) if chosen else None

    def judging(self, wildcards: Any) -> str | None:
        """Return the folder of the verifier's held-out human text; None without a verifier."""
        return self.corpus if self.reference(wildcards) else None

    # the options of a job, as flags

    def mix_options(self, wildcards: Any) -> str:
        """Return the flags of the policy. Only here, generation 0 is a special case: its policy is `human`."""
        if int(wildcards.generation) == 0:
            return flags(policy="human")
        policy, options = self.policy(wildcards), policy_settings(self.config, wildcards.arm)
        return flags(
            policy=self.config["arms"][wildcards.arm]["policy"],
            **{} if policy.pools else declared(policy.options, options),
            synthetic=[
                (link.arm, link.seed, link.generation, f"{link}/synthetic.parquet") for link in self.earlier(wildcards)
            ],
            base=self.detecting(wildcards),
        )

    def finetune_command(self) -> str:
        """Return the command of a training: one process, or several processes that accelerate starts."""
        processes = self.config["text"]["finetune"]["processes"]
        if processes == 1:
            return "python -m scripts finetune"
        # port 0 is any free port, because several jobs run at a time
        return (
            f"accelerate launch --multi_gpu --num_processes {processes} --num_machines 1 --main_process_port 0"
            " --mixed_precision no --dynamo_backend no --module scripts.shared.start finetune"
        )

    def finetune_options(self, wildcards: Any) -> str:
        """Return the flags of the arm's training."""
        corpus = self.selecting(wildcards)
        return flags(
            **declared(FinetuneJob, finetune_settings(self.config, wildcards.arm)),
            validation=f"{corpus}/validation.parquet" if corpus else None,
            **declared(Compute, self.config),
        )

    def decoder_options(self, wildcards: Any) -> str:
        """Return the flags of decoding, for the synthetic text and for the passage."""
        options = generate_settings(self.config, wildcards.arm)
        if options["prompts"] == "previous" and int(wildcards.generation) == 0:
            options["prompts"] = "original"
        return flags(
            **declared(GenerateJob, options),
            new_tokens=self.config["corpus"]["block_tokens"],
            **declared(Compute, self.config),
        )

    def text_sources(self, wildcards: Any) -> str:
        """Return the flags that name the arms of shared inputs, the continued text and the verifier's model."""
        previous, reference = self.previous(wildcards), self.reference(wildcards)
        arms = made_by(model=self.model, previous=self.previous, generation0=self.reference)(wildcards)
        files = flags(
            previous=f"{previous}/synthetic.parquet" if previous else None,
            generation0_model=f"{reference}/model" if reference else None,
        )
        return f"{arms} {files}".rstrip()

    def shard_options(self, wildcards: Any) -> str:
        """Return the flags of a job's shard; none for a single shard."""
        shards = self.config["text"]["generate"]["shards"]
        return flags(shard=wildcards.shard, shards=shards) if shards > 1 else ""

    def evaluate_options(self) -> str:
        """Return the flags of an evaluation."""
        return flags(**declared(Evaluate, self.config["text"]["evaluate"], "evaluate_"))

    def families(self) -> list[tuple[str, ...]]:
        """Return groups of arms that differ only in the number of training blocks."""
        families: dict[str, dict[int | None, str]] = {}
        for arm in self.arms:
            finetune = finetune_settings(self.config, arm)
            blocks = finetune.pop("blocks")
            policy = [self.config["arms"][arm]["policy"], policy_settings(self.config, arm)]
            alike = json.dumps([policy, finetune, generate_settings(self.config, arm)], sort_keys=True)
            families.setdefault(alike, {}).setdefault(blocks, arm)
        return [tuple(family.values()) for family in families.values() if len(family) > 1]

    def summary_options(self) -> str:
        """Return the flags that name the evaluations for the tables.

        `--arm NAME FOLDER COUNT FOLDER COUNT …` names the folders of the arm's generations, in order, with counts.
        """
        arms = []
        for arm in self.arms:
            folders = [self.sharing.made_by("evaluation", arm, number) for number in range(self.generations)]
            runs = [(folder, len([*same])) for folder, same in groupby(folders)]
            arms.append((arm, *(word for run in runs for word in run)))
        return flags(
            text=self.folder,
            arm=arms,
            seed=self.seeds,
            generations=self.generations,
            **declared(Summary, self.config["text"]["summary"]),
            family=self.families(),
        )


def source_options(config: Mapping[str, Any]) -> str:
    """Return the flags that name the source of human text."""
    corpus = config["corpus"]
    names = [name for name in declared(Corpus, corpus) if not name.endswith("_blocks")]
    return flags(**{name: corpus[name] for name in names})


def pretraining_options(config: Mapping[str, Any], size: str) -> str:
    """Return the flags of the pretraining of one size of the base model; "" is the size of the plain base model."""
    pretraining = pretraining_of(config, size)
    return flags(
        **declared(Architecture, pretraining),
        **declared(Training, pretraining),
        positions=2 * config["corpus"]["block_tokens"],  # a prompt and its continuation
        threads=pretraining["threads"],
        device=config["device"],
    )


def user_files(config: Mapping[str, Any]) -> list[Path]:
    """Return the local files of the corpus; none for another source."""
    corpus = config["corpus"]
    if "text" not in config["parts"] or corpus["source"] != "files":
        return []
    return [Path(corpus["folder"] or ".") / name for name in corpus["files"].values()]


def pretraining_files(config: Mapping[str, Any]) -> list[Path]:
    """Return the local files for pretraining the base model; none for another source."""
    pretraining = config["base_model"]["pretraining"]
    if "text" not in config["parts"] or config["base_model"]["source"] != "pretrain" or pretraining["text"] != "files":
        return []
    return [Path(name) for name in pretraining["files"]]
