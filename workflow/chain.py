"""Where the links of a chain lie and what each job of a link is told: the configuration, as paths and flags."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from collapse.decoding import DECODERS
from collapse.mixing import POLICIES


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
                parts.append(f"--{name.replace('_', '-')} {shlex.quote(str(one))}")
    return " ".join(parts)


class Chain:
    """All generations of all arms and seeds of one configuration."""

    def __init__(self, config: Mapping[str, Any], folder: str) -> None:
        self.config = config
        self.folder = folder
        self.arms: Sequence[str] = config["text"]["arms"]
        self.seeds: list[int] = config["text"]["seeds"]
        self.generations: int = config["text"]["generations"]

    def owner(self, arm: str) -> str:
        """The arm whose generation 0 this one starts from: the first defined with the same training options.

        Generation 0 sees human text alone, so arms that train alike share it.
        """
        definitions = self.config["arms"]
        return next(one for one in definitions if definitions[one]["epochs"] == definitions[arm]["epochs"])

    def link(self, arm: str, seed: int | str, generation: int | str) -> str:
        """Folder of one generation of a chain."""
        place = self.owner(arm) if int(generation) == 0 else arm
        return f"{self.folder}/{place}/seed{seed}/generation{generation}"

    def links(self) -> list[str]:
        """Folders of every generation that the configuration asks for, shared ones once."""
        places = ((arm, seed, one) for arm in self.arms for seed in self.seeds for one in range(self.generations))
        return list(dict.fromkeys(self.link(*place) for place in places))

    def first(self, wildcards: Any) -> str:
        """Folder of generation 0 of a job's chain."""
        return self.link(wildcards.arm, wildcards.seed, 0)

    def earlier(self, wildcards: Any) -> list[str]:
        """Folders of the generations whose synthetic text the arm's policy reads; none for generation 0."""
        generation = int(wildcards.generation)
        if generation == 0:
            return []
        history = POLICIES[self.config["arms"][wildcards.arm]["policy"]].history
        first = 0 if history == "all" else generation - 1
        return [self.link(wildcards.arm, wildcards.seed, one) for one in range(first, generation)]

    def mix_options(self, wildcards: Any) -> str:
        """A policy's options; the base case of the chain is here and nowhere else."""
        if int(wildcards.generation) == 0:
            return flags(policy="human", human_fraction=1.0)
        arm = self.config["arms"][wildcards.arm]
        synthetic = [f"{folder}/synthetic.parquet" for folder in self.earlier(wildcards)]
        return flags(policy=arm["policy"], human_fraction=arm["human_fraction"], synthetic=synthetic)

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
        """Training options: those of all arms, and the arm's epochs; not how it is started or how often it is saved."""
        epochs = self.config["arms"][wildcards.arm]["epochs"]
        options = {
            key: value
            for key, value in self.config["text"]["finetune"].items()
            if key not in ("processes", "checkpoint_minutes")
        }
        return flags(**options, epochs=epochs, device=self.config["device"], threads=self.config["threads"])

    def decoder_options(self) -> str:
        """How text is continued, synthetic text and the passage alike: of the options, the decoder's own alone."""
        generate = self.config["text"]["generate"]
        own = {name: generate[name] for name in DECODERS[generate["decoder"]].options}
        return flags(
            engine=generate["engine"],
            decoder=generate["decoder"],
            precision=generate["precision"],
            **own,
            decode_batch_blocks=generate["batch_blocks"],
            new_tokens=self.config["corpus"]["block_tokens"],
            device=self.config["device"],
            threads=self.config["threads"],
        )

    def shard_options(self, wildcards: Any) -> str:
        """Which of the shards a job writes; nothing if there is only one."""
        shards = self.config["text"]["generate"]["shards"]
        return flags(shard=wildcards.shard, shards=shards) if shards > 1 else ""

    def evaluate_options(self) -> str:
        """How a generation is judged; memory too, since it decides how many blocks are scored at a time."""
        options = dict(self.config["text"]["evaluate"])
        return flags(
            scoring_precision=options.pop("precision"), memory_gigabytes=self.config["memory_gigabytes"], **options
        )

    def summary_options(self) -> str:
        """What the tables are made of: from the configuration, never from what lies on the disk."""
        summary = self.config["text"]["summary"]
        return flags(
            text=self.folder,
            arm={arm: self.owner(arm) for arm in self.arms},
            seed=self.seeds,
            generations=self.generations,
            confidence=summary["confidence"],
            resamples=summary["resamples"],
            histogram_generation=summary["histogram_generations"],
            histogram_bins_per_decade=summary["histogram_bins_per_decade"],
            improbable_quantile=summary["improbable_quantile"],
        )


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
