"""Needs of the jobs of the language-model chain, from the configuration."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collapse.models import memory, operations
from collapse.policies import POLICIES
from pipeline.arms import finetune_settings, generate_settings, pretraining_of
from pipeline.costs.rates import Machine, Needs
from pipeline.costs.sizes import Sizes

START = 0.1  # seconds of a job that starts warm
CHECKPOINT = 12  # bytes of a weight and of the optimiser's two moments
EXAMPLES = 256  # training texts of a learned verifier, as in collapse/decoding/verifiers.py, which needs torch
ID = 2.5  # bytes of a token in compressed Parquet
DOWNLOAD = 20e6  # bytes a second from a hub, assumed


class TextNeeds:
    """A method for each rule, with the rule's wildcards as arguments."""

    def __init__(self, config: Mapping[str, Any], results: Path, machine: Machine) -> None:
        self.config, self.machine = config, machine
        self.sizes = Sizes(config, results)
        self.tokens: int = config["corpus"]["block_tokens"]
        self.threads: int = config["threads"]

    def prepare_pretraining(self) -> Needs:
        blocks = self.sizes.pretraining_blocks()
        tokens = blocks * 2 * self.tokens
        return Needs(memory.LIBRARIES, 0.5 + 8e-6 * tokens, disk=ID * tokens)

    def prepare_corpus(self, split: str) -> Needs:
        tokens = self.sizes.blocks[split] * self.tokens
        return Needs(memory.LIBRARIES * 1.1, 0.3 + 1e-5 * tokens, disk=ID * tokens)

    def fetch_base_model(self) -> Needs:
        weights = 4 * self.sizes.base_model().weights
        return Needs(memory.LIBRARIES + weights, 10 + weights / DOWNLOAD, disk=weights)

    def pretrain(self, size: str = "") -> Needs:
        name = Path(size).name
        options = pretraining_of(self.config, name)
        shape, blocks = self.sizes.base_model(name), self.sizes.pretraining_blocks()
        lower = "base_model.pretraining.micro_batch_blocks or base_model.pretraining.threads"
        return self._training(shape, options, blocks, 2 * self.tokens, options["threads"], lower)

    def mix(self, arm: str, seed: str, generation: str) -> Needs:
        rows = self._training_rows(arm, int(generation))
        seconds = START + 5e-6 * rows
        if POLICIES[self.config["arms"][arm]["policy"]].detects and int(generation):
            seconds += 2 + 1e-3 * rows
        return Needs(memory.LIBRARIES + 2_000 * rows, seconds, disk=rows * (ID * self.tokens + 10))

    def finetune(self, arm: str, seed: str, generation: str) -> Needs:
        settings = finetune_settings(self.config, arm)
        rows = self._training_rows(arm, int(generation))
        rows = min(rows, settings["blocks"] or rows)
        lower = "text.finetune.micro_batch_blocks, threads or text.finetune.processes"
        return self._training(self.sizes.model(arm), settings, rows, self.tokens, self.threads, lower)

    def _training_rows(self, arm: str, generation: int) -> int:
        """Return the largest possible number of rows in an arm's training set."""
        grown = generation if POLICIES[self.config["arms"][arm]["policy"]].grows else 0
        return self.sizes.blocks["train"] * (1 + grown)

    def _training(
        self, shape: memory.Shape, options: Mapping[str, Any], rows: int, tokens: int, threads: int, lower: str
    ) -> Needs:
        batch, micro = options["batch_blocks"], min(options["batch_blocks"], options["micro_batch_blocks"])
        per_epoch = math.ceil(rows / batch)
        steps = options.get("steps") or options["epochs"] * per_epoch
        visited = steps / per_epoch * rows
        processes = options.get("processes", 1)
        work = visited * operations.training(shape, tokens)
        if options.get("model_selection") == "validation":
            work += steps / per_epoch * self.sizes.blocks["validation"] * operations.scoring(shape, tokens)
        seconds = self.machine.seconds(
            "training",
            work / processes,
            width=shape.width,
            precision=options["precision"],
            threads=threads,
            layer_steps=3 * shape.layers * steps * max(1, batch / micro / threads / processes),
            by_transformers=shape.by_transformers,
        )
        peak = training_memory(shape, options, tokens, threads, min(micro, math.ceil(batch / processes / threads)))
        checkpoint = CHECKPOINT * shape.weights if options["checkpoint_minutes"] else 0
        return Needs(
            peak * processes, START + seconds, 4 * shape.weights, checkpoint, threads=threads * processes, lower=lower
        )

    def generate(self, arm: str, seed: str, generation: str, shard: str = "1") -> Needs:
        settings, shape = generate_settings(self.config, arm), self.sizes.model(arm)
        blocks, shards, batch = self.sizes.blocks["train"], settings["shards"], settings["batch_blocks"]
        batches = math.ceil(blocks / batch)  # shards share whole batches; with many shards, some get none
        blocks = min(blocks, batch * (batches * int(shard) // shards - batches * (int(shard) - 1) // shards))
        candidates = settings["candidates"]
        seconds = self._writing(arm, blocks * candidates)
        if candidates > 1:
            judged = blocks * candidates + self.sizes.blocks["validation"]
            seconds += self._scoring(arm, judged, "float32")
            if settings["verifier"] == "humanlike":
                seconds += self._writing(arm, min(EXAMPLES, self.sizes.blocks["train"])) + 2
        peak = generation_memory(shape, settings, self.tokens, min(batch, blocks * candidates))
        disk = blocks * (ID * self.tokens + 20)
        return Needs(peak, START + seconds, disk=disk, threads=self.threads, lower="text.generate.batch_blocks")

    def _writing(self, arm: str, blocks: int) -> float:
        """Return the seconds to write this number of blocks."""
        settings, shape = generate_settings(self.config, arm), self.sizes.model(arm)
        prompt = 1 if settings["prompts"] == "none" else self.tokens
        beams = settings.get("num_beams", 1)
        work = operations.beam_search(shape, prompt, self.tokens, beams)
        if shape.by_transformers:  # it runs the prompt once for each beam
            work += (beams - 1) * operations.hidden(shape, prompt)
        return self.machine.seconds(
            "generation",
            blocks * work,
            width=shape.width,
            precision=settings["precision"],
            threads=self.threads,
            layer_steps=(shape.layers + 2) * self.tokens * math.ceil(blocks / settings["batch_blocks"]),
            by_transformers=shape.by_transformers,
        )

    def evaluate(self, arm: str, seed: str, generation: str) -> Needs:
        shape, evaluate = self.sizes.model(arm), self.config["text"]["evaluate"]
        blocks, precision = self.sizes.blocks, evaluate["precision"]
        sample = min(evaluate["sample_blocks"], blocks["train"])
        passes = (2 if int(generation) else 1) * blocks["test"] + 2 * blocks["train"] + sample
        seconds = self._scoring(arm, passes, precision) + self._writing(arm, 1)
        measures = 2e-3 * blocks["train"] + 1e-3 * sample
        peak = memory.scoring(shape, tokens=self.tokens, batch_blocks=evaluate["batch_blocks"], precision=precision)
        disk = 30 * (blocks["test"] + blocks["train"]) + 10_000
        return Needs(peak, START + seconds + measures, disk=disk, threads=self.threads, lower="memory_gigabytes")

    def _scoring(self, arm: str, blocks: float, precision: str) -> float:
        """Return the seconds to score this number of blocks."""
        shape = self.sizes.model(arm)
        return self.machine.seconds(
            "scoring",
            blocks * operations.scoring(shape, self.tokens),
            width=shape.width,
            precision=precision,
            threads=self.threads,
            layer_steps=shape.layers * math.ceil(blocks / self.config["text"]["evaluate"]["batch_blocks"]),
            by_transformers=shape.by_transformers,
        )

    def summarize(self) -> Needs:
        text = self.config["text"]
        links = len(text["arms"]) * len(text["seeds"]) * text["generations"]
        return Needs(memory.LIBRARIES, 0.3 + 0.05 * links, disk=10_000 * links)

    def compare_arms(self, question: str = "") -> Needs:
        text = self.config["text"]
        compared = text["questions"][Path(question).name]["arms"] if question else text["arms"]
        return Needs(memory.LIBRARIES, 0.3 + 0.2 * len(compared))


def training_memory(
    shape: memory.Shape, options: Mapping[str, Any], tokens: int, threads: int, micro_batch_blocks: int
) -> int:
    """Return the memory of a training in bytes, for one process."""
    return memory.finetuning(
        shape,
        tokens=tokens,
        micro_batch_blocks=micro_batch_blocks,
        threads=threads,
        precision=options["precision"],
        selects=options.get("model_selection") == "validation",
    )


def generation_memory(shape: memory.Shape, options: Mapping[str, Any], tokens: int, batch_blocks: int) -> int:
    """Return the memory of a generation of text in bytes."""
    return memory.generation(
        shape,
        prompt=1 if options["prompts"] == "none" else tokens,
        new_tokens=tokens,
        beams=options.get("num_beams", 1),
        batch_blocks=batch_blocks,
        precision=options["precision"],
        verifies=options["candidates"] > 1,
    )
