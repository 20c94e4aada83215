"""The jobs that a configuration asks for and what each waits for, without Snakemake, a network or any file.

A test holds them to what Snakemake plans.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.arms import finetune_settings
from pipeline.layout.mixture_chain import MixtureChain
from pipeline.layout.text_chain import TextChain
from pipeline.layout.vae_chain import REAL, VaeChain

LINK = re.compile(r".*/(?P<arm>[^/]+)/seed(?P<seed>\d+)/generation(?P<generation>\d+)")
OF_SUMMARY = ("plot_perplexity", "plot_block_perplexity", "plot_tails", "plot_diversity", "table_continuations")
OF_COMPARISONS = ("plot_onset", "table_comparisons")
OF_PROFILE = ("plot_profile", "table_profile")


class Job(NamedTuple):
    """A rule and its wildcards, as (name, value) in the rule's order."""

    rule: str
    wildcards: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return " ".join([self.rule, *(f"{name} {value}" for name, value in self.wildcards if value)])

    def __getattr__(self, name: str) -> str:
        """A wildcard, as the chains read it."""
        try:
            return dict(self.wildcards)[name]
        except KeyError:
            raise AttributeError(name) from None


Graph = dict[Job, list[Job]]


def job(rule: str, **wildcards: Any) -> Job:
    return Job(rule, tuple((name, str(value)) for name, value in wildcards.items()))


def at(rule: str, folder: Any, **more: Any) -> Job:
    """The job of a rule whose files lie in a link's folder."""
    found = LINK.match(str(folder))
    assert found, folder
    return job(rule, **found.groupdict(), **more)


def planned(config: Mapping[str, Any]) -> Graph:
    """Every job of a run from nothing, with the jobs that it waits for."""
    graph: Graph = {job("write_configuration"): []}
    for part in config["parts"]:
        graph |= PARTS[part](config)
    return graph


class TextJobs:
    """Jobs of the language-model chain."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.chain = TextChain(config, "results/text")
        self.shards: int = config["text"]["generate"]["shards"]
        self.pretrains = config["base_model"]["source"] == "pretrain"
        self.tokenizer = [job("prepare_pretraining" if self.pretrains else "fetch_base_model")]
        self.evaluations = [at("evaluate", folder) for folder in self.chain.links()]

    def graph(self) -> Graph:
        """What the last jobs need, and what these need, and so on."""
        found: Graph = self._tables()
        wanted = [parent for parents in found.values() for parent in parents]
        while wanted:
            one = wanted.pop()
            if one not in found:
                found[one] = getattr(self, one.rule)(one)
                wanted += found[one]
        return found

    def _tables(self) -> Graph:
        found: Graph = {job("summarize"): self.evaluations, self._corpus("validation"): self.tokenizer}
        questions = [f"/questions/{name}" for name in self.config["text"]["questions"]]
        for question in ["", *questions]:
            name = Path(question).name
            summary = job("select_arms", name=name) if question else job("summarize")
            found.setdefault(summary, [job("summarize")])
            drawn = {"judge_arms": OF_PROFILE, "compare_arms": OF_COMPARISONS}
            if questions and not question:  # of all arms verdicts alone
                del drawn["compare_arms"]
            else:
                found |= {job(rule, question=question): [summary] for rule in OF_SUMMARY}
            for rule, figures in drawn.items():
                table = job(rule, question=question)
                found |= {table: [summary]} | {job(one, question=question): [table] for one in figures}
        return found

    def _corpus(self, split: str) -> Job:
        return job("prepare_corpus", split=split)

    def _base(self, arm: str | None) -> Job:
        """The base model that an arm starts from, or the plain one."""
        if not self.pretrains:
            return job("fetch_base_model")
        size = finetune_settings(self.config, arm)["size"] if arm else None
        return job("pretrain", size=f"/sizes/{size}" if size else "")

    def _text(self, folder: Any) -> Job:
        return at("join_shards" if self.shards > 1 else "generate", folder)

    def prepare_pretraining(self, one: Job) -> list[Job]:
        return []

    def fetch_base_model(self, one: Job) -> list[Job]:
        return []

    def pretrain(self, one: Job) -> list[Job]:
        return self.tokenizer

    def prepare_corpus(self, one: Job) -> list[Job]:
        return self.tokenizer

    def find_passage(self, one: Job) -> list[Job]:
        return self.tokenizer

    def mix(self, one: Job) -> list[Job]:
        base = [self._base(None)] if self.chain.detecting(one) else []
        return [self._corpus("train"), *map(self._text, self.chain.earlier(one)), *base]

    def finetune(self, one: Job) -> list[Job]:
        start = self.chain.start(one)
        return [
            at("mix", self.chain.training(one)),
            at("finetune", start) if start else self._base(one.arm),
            *([self._corpus("validation")] if self.chain.selecting(one) else []),
        ]

    def generate(self, one: Job) -> list[Job]:
        previous, reference = self.chain.previous(one), self.chain.reference(one)
        return [
            at("finetune", self.chain.model(one)),
            self._corpus("train"),
            *([self._text(previous)] if previous else []),
            *([at("finetune", reference), self._corpus("validation")] if reference else []),
        ]

    def join_shards(self, one: Job) -> list[Job]:
        place = dict(one.wildcards)
        return [job("generate", **place, shard=shard) for shard in range(1, self.shards + 1)]

    def evaluate(self, one: Job) -> list[Job]:
        models = [at("finetune", folder) for folder in (self.chain.model(one), self.chain.generation0(one))]
        corpus = [self._corpus("train"), self._corpus("test"), job("find_passage")]
        return [*models, self._text(self.chain.text(one)), *corpus]


def text_jobs(config: Mapping[str, Any]) -> Graph:
    return TextJobs(config).graph()


def discrete_jobs(config: Mapping[str, Any]) -> Graph:
    options = config["discrete"]
    places = [(name, samples) for name in options["distributions"] for samples in options["samples"]]
    simulations = [job("simulate_discrete", distribution=name, samples=samples) for name, samples in places]
    return _collected(simulations, "collect_discrete", ["plot_discrete"])


def gaussian_jobs(config: Mapping[str, Any]) -> Graph:
    options = config["gaussian"]
    simulations = [
        job("simulate_gaussian", variant=variant, dimensions=dimensions, samples=samples)
        for variant in options["variants"]
        for dimensions in options["dimensions"]
        for samples in options["samples"]
    ]
    return _collected(simulations, "collect_gaussian", ["plot_gaussian", "plot_gaussian_variants"])


def mixture_jobs(config: Mapping[str, Any]) -> Graph:
    chain = MixtureChain(config, "results/mixture")
    place = re.compile(r".*/(?P<original>\w+)/samples(?P<samples>\d+)/generation(?P<generation>\d+)")

    def simulation(folder: str) -> Job:
        found = place.match(folder)
        assert found, folder
        return job("simulate_mixture", **found.groupdict())

    simulations = [simulation(folder) for folder in chain.links()]
    figures = ["plot_mixture_distance", "plot_mixture_densities", "animate_mixture"]
    return _collected(simulations, "summarize_mixture", figures) | {
        one: [simulation(folder) for folder in chain.previous(one)] for one in simulations
    }


def vae_jobs(config: Mapping[str, Any]) -> Graph:
    chain = VaeChain(config, "results/vae")
    images, classifier = job("prepare_images"), job("train_classifier")
    found: Graph = {images: [], classifier: [images]}
    for method in [REAL, *chain.methods]:
        for seed in chain.seeds:
            for generation in range(1 if method == REAL else chain.generations):
                if (method == REAL) != (generation == 0):
                    continue
                place = {"method": method, "seed": seed, "generation": generation}
                train, first = job("train_vae", **place), job("train_vae", **place | {"method": REAL, "generation": 0})
                before = place | {"method": method if generation > 1 else REAL, "generation": generation - 1}
                found[train] = [images, *([job("train_vae", **before)] if generation else [])]
                found[job("evaluate_vae", **place)] = [train, first, classifier, images]
    evaluations = [one for one in found if one.rule == "evaluate_vae"]
    figures = ["plot_vae_images", "plot_vae_latents", "plot_vae_spread"]
    return _collected(evaluations, "summarize_vae", figures) | found


def three_errors_jobs(config: Mapping[str, Any]) -> Graph:
    return _collected([], "simulate_three_errors", ["plot_three_errors", "table_three_errors"])


def _collected(parts: Iterable[Job], table: str, figures: Iterable[str]) -> Graph:
    """Jobs that nothing stands before, the table of them all, and what is drawn of it."""
    parts = list(parts)
    return {**{one: [] for one in parts}, job(table): parts, **{job(one): [job(table)] for one in figures}}


PARTS = {
    "text": text_jobs,
    "discrete": discrete_jobs,
    "gaussian": gaussian_jobs,
    "mixture": mixture_jobs,
    "vae": vae_jobs,
    "three_errors": three_errors_jobs,
}
