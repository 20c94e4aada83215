"""Options of training: those that pretraining and fine-tuning share, and those of each."""

from dataclasses import dataclass
from typing import Annotated, Literal

from collapse.options import NAME, Option, Precision, option


@dataclass(frozen=True, kw_only=True)
class Training:
    """What every training has."""

    epochs: int = option("passes over the training set", minimum=1, maximum=10_000, arm=True)
    batch_blocks: int = option("blocks a step", minimum=1, maximum=65_536)
    micro_batch_blocks: int = option(
        "blocks of a step that are computed at a time; memory grows with it, results move by rounding only",
        minimum=1,
        maximum=65_536,
    )
    precision: Precision = option("format of matrix products in training; weights, sums and losses are float32")
    checkpoint_minutes: float = option(
        "minutes between saved states, from which a killed job goes on; 0 saves none",
        minimum=0,
        maximum=100_000,
        changes_result=False,
    )
    learning_rate: float = option("AdamW learning rate at the start", above=0, maximum=1, arm=True)
    final_learning_rate: float = option("learning rate at the end of the cosine", minimum=0, maximum=1, arm=True)
    weight_decay: float = option("AdamW weight decay", minimum=0, maximum=1, arm=True)


@dataclass(frozen=True, kw_only=True)
class FinetuneJob(Training):
    """Fine-tuning of one generation on its training set."""

    blocks: int | None = option(
        "blocks of its training set that a generation is trained on, at the same places each time; null is all",
        minimum=1,
        arm=True,
    )
    steps: int | None = option(
        "steps, in place of epochs, whatever the size of the training set; null: by epochs", minimum=1, arm=True
    )
    model_selection: Literal["none", "validation"] = option(
        "epoch whose weights are kept: the last (none), or that of least validation loss", arm=True
    )


@dataclass(frozen=True, kw_only=True)
class Finetune(FinetuneJob):
    """Fine-tuning of every generation, and the model that it starts from."""

    initialization: Literal["base", "previous"] = option(
        "model that a generation starts from: the base model, or the generation before", arm=True
    )
    size: str | None = option(
        "initialization base: a name of base_model.pretraining.sizes; null is the base model itself", arm=True
    )
    processes: int = option(
        "processes that share every batch, one for each GPU, started by accelerate launch; 1 starts none",
        minimum=1,
        maximum=1024,
        changes_result=False,
    )


Layers = Annotated[int, Option("transformer layers", minimum=1, maximum=96)]
Width = Annotated[int, Option("model width; a multiple of heads", minimum=8, maximum=16_384)]
Heads = Annotated[int, Option("attention heads", minimum=1, maximum=128)]


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a base model of another size changes of the pretraining. The defaults say that nothing is changed."""

    layers: Layers = 0
    width: Width = 0
    heads: Heads = 0
    epochs: int = option("passes over the pretraining text", minimum=1, maximum=10_000, default=0)
    learning_rate: float = option("AdamW learning rate at the start", above=0, maximum=1, default=0)
    final_learning_rate: float = option("learning rate at the end of the cosine", minimum=0, maximum=1, default=0)


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The shape of a base model made here, and its first weights."""

    layers: Layers
    width: Width
    heads: Heads
    dropout: float = option("dropout while training, kept in the model", minimum=0, below=1)
    seed: int = option("seed of weights, order and dropout", minimum=0)


@dataclass(frozen=True, kw_only=True)
class PretrainingText:
    """The text of a base model made here, and its tokenizer."""

    text: Literal["docstrings", "files"] = option("docstrings of Python's standard library, or files")
    files: list[Annotated[str, Option(fewest=1)]] = option("text files: UTF-8 text to pretrain on")
    vocabulary_size: int = option("entries of the byte-level BPE", minimum=260, maximum=200_000)


@dataclass(frozen=True, kw_only=True)
class Pretraining(Training, Architecture, PretrainingText):
    """The small base model made here."""

    threads: int = option("compute threads of the pretraining job", minimum=1, maximum=1024)
    sizes: dict[str, Annotated[Size, Option("what a size changes of the base model's pretraining", fewest=1)]] = option(
        "base models of other sizes, by name", keys=NAME
    )
