"""Check keys of a configuration against each other: keys that need another key, and names that must exist."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline import arms

MOST_CHARACTERS = 20_000  # in the names of all arms that run: one command names each up to four times, in 131,072 bytes
MOST_NUMBERS = 5e8  # numbers in one array of a side experiment, 4 to 8 bytes each
Section = Mapping[str, Any]


def faults(config: Section) -> list[str]:
    """List every contradiction: key, value, what is wrong, what to do."""
    of_parts = [fault for part, check in PARTS.items() if part in config["parts"] for fault in check(config[part])]
    return [*text_faults(config), *of_parts]


def text_faults(config: Section) -> Iterator[str]:
    """Yield contradictions in the language-model chain."""
    corpus, base, text = config["corpus"], config["base_model"], config["text"]
    yield from arms.faults(config)
    characters = sum(map(len, text["arms"]))
    if characters > MOST_CHARACTERS:
        yield (
            f"text.arms has {len(text['arms'])} arms, sweeps and questions included; their names have {characters} "
            f"characters, more than the {MOST_CHARACTERS} that a command can hold: run fewer arms, or shorten names"
        )
    yield from reference_faults("text.statistics", text["statistics"]["reference"], text["arms"])
    for name, question in text["questions"].items():
        yield from reference_faults(f"text.questions.{name}", question["reference"], question["arms"])
    if corpus["source"] == "files":
        yield from _folder_faults("corpus", corpus["folder"])
        yield from _missing_names("corpus.files", corpus["files"], ("train", "test"), "source files needs it")
    if corpus["source"] == "hub":
        yield from _needed("corpus", corpus, ("repository", "configuration", "revision"))
        yield from _missing_names("corpus.splits", corpus["splits"], ("train", "test"), "source hub needs its name")
    if corpus["validation_fraction"] + corpus["test_fraction"] >= 1:
        yield (
            f"corpus.test_fraction is {corpus['test_fraction']}; with validation_fraction "
            f"{corpus['validation_fraction']} it leaves no text to train on: lower one"
        )
    yield from (
        _needed("base_model", base, ("repository", "revision")) if base["source"] == "hub" else _shape_faults(config)
    )
    processes, batch_blocks = text["finetune"]["processes"], text["finetune"]["batch_blocks"]
    if processes > batch_blocks:
        yield (
            f"text.finetune.processes is {processes}; the processes share a batch of only {batch_blocks} blocks: lower "
            "it, or raise text.finetune.batch_blocks"
        )
    modes, ngram = text["evaluate"]["modes"], text["evaluate"]["repeated_ngram_tokens"]
    if 2 * modes > (corpus["train_blocks"] or float("inf")):
        yield (
            f"text.evaluate.modes is {modes}; a mode would have fewer than two of the {corpus['train_blocks']} blocks "
            "of corpus.train_blocks: lower it"
        )
    if ngram > corpus["block_tokens"]:
        yield (
            f"text.evaluate.repeated_ngram_tokens is {ngram}; an n-gram would be longer than a block of "
            f"{corpus['block_tokens']} tokens (corpus.block_tokens): lower it"
        )


def _shape_faults(config: Section) -> Iterator[str]:
    """Yield contradictions in the base models that are pretrained here."""
    pretraining = config["base_model"]["pretraining"]
    for name in (None, *pretraining["sizes"]):
        place = "base_model.pretraining" + (f".sizes.{name}" if name else "")
        size = arms.pretraining_of(config, name)
        if size["width"] % size["heads"]:
            yield f"{place}.heads is {size['heads']}; it must divide the width {size['width']}: change one"
        yield from arms.rate_faults(place, size)
    if pretraining["text"] == "files" and not pretraining["files"]:
        yield "base_model.pretraining.files is []; text files needs at least one file: name it"


def reference_faults(place: str, reference: str | None, compared: Sequence[str]) -> Iterator[str]:
    """Yield a fault if the reference is not one of the compared arms."""
    if reference is not None and reference not in compared:
        yield (
            f"{place}.reference is {reference}; it is not among the arms compared: choose of {', '.join(compared)}, "
            "or null"
        )


def discrete_faults(discrete: Section) -> Iterator[str]:
    """Yield contradictions in the discrete distributions."""
    for name, distribution in discrete["distributions"].items():
        if distribution["kind"] == "zipf" and distribution["exponent"] is None:
            yield f"discrete.distributions.{name}.exponent is null; kind zipf needs a number: set it, for example 1.0"
        numbers = discrete["chains"] * max(distribution["symbols"], *discrete["samples"])
        if numbers > MOST_NUMBERS:
            yield (
                f"discrete.chains is {discrete['chains']}; with {name} a job would hold {numbers:.0e} numbers, more "
                f"than {MOST_NUMBERS:.0e}: lower chains, symbols or samples"
            )


def gaussian_faults(gaussian: Section) -> Iterator[str]:
    """Yield contradictions in the normal distributions."""
    dimensions = max(gaussian["dimensions"])
    for samples in gaussian["samples"]:
        if samples <= dimensions:
            yield (
                f"gaussian.samples has {samples}; a covariance in {dimensions} dimensions cannot be fitted to so few "
                "points: raise it, or lower gaussian.dimensions"
            )
        if "real" in gaussian["variants"] and not 0 < round(gaussian["real_fraction"] * samples) < samples - 1:
            yield (
                f"gaussian.real_fraction is {gaussian['real_fraction']}; of {samples} points it leaves no real "
                "point or fewer than two others: change it, or leave out variant real"
            )
        last, exponent = max(gaussian["generations"]), 0.0
        if "superlinear" in gaussian["variants"]:
            exponent = gaussian["superlinear_exponent"]
        elif "linear" in gaussian["variants"]:
            exponent = 1.0
        numbers = samples * last**exponent * dimensions
        if gaussian["draws"] == "samples" and numbers > MOST_NUMBERS:
            yield (
                f"gaussian.draws is samples; a sample of generation {last} would hold {numbers:.0e} numbers, more than "
                f"{MOST_NUMBERS:.0e}: choose summaries, or leave out variants linear and superlinear"
            )


def mixture_faults(mixture: Section) -> Iterator[str]:
    """Yield contradictions in the mixtures."""
    if max(mixture["generations"]) < 1:
        yield f"mixture.generations is {mixture['generations']}; nothing is simulated: name a generation after 0"


def vae_faults(vae: Section) -> Iterator[str]:
    """Yield contradictions in the autoencoder of images."""
    images, evaluate = vae["images"], vae["evaluate"]
    if images["source"] == "files":
        yield from _folder_faults("vae.images", images["folder"])
        needed = ("train_images", "train_labels", "test_images", "test_labels")
        yield from _missing_names("vae.images.files", images["files"], needed, "source files needs it")
    if images["source"] == "hub":
        yield from _needed("vae.images", images, ("repository", "revision"))
    if evaluate["shown"] > evaluate["images"]:
        yield (
            f"vae.evaluate.shown is {evaluate['shown']}; it must be at most vae.evaluate.images {evaluate['images']}: "
            "lower it"
        )


PARTS = {"discrete": discrete_faults, "gaussian": gaussian_faults, "mixture": mixture_faults, "vae": vae_faults}


def _folder_faults(place: str, folder: str | None) -> Iterator[str]:
    if not folder:
        yield f"{place}.folder is null; source files needs the folder: set it, or say make run FOLDER=/path"


def _missing_names(place: str, given: Section, needed: Sequence[str], why: str) -> Iterator[str]:
    for name in needed:
        if not given.get(name):
            yield f"{place}.{name} is missing; {why}: set it"


def _needed(place: str, section: Section, keys: Sequence[str]) -> Iterator[str]:
    for key in keys:
        if not section[key]:
            yield f"{place}.{key} is null; source hub needs it: set it"
