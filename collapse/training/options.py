"""Options of training: those that pretraining and fine-tuning share, and those of each."""

from dataclasses import dataclass
from typing import Annotated, Literal

from collapse.options import NAME, Option, Precision


@dataclass(frozen=True, kw_only=True)
class Training:
    """What every training has."""

    epochs: Annotated[int, Option("passes over the training set", minimum=1, maximum=10_000, arm=True)]
    batch_blocks: Annotated[int, Option("blocks a step", minimum=1, maximum=65_536)]
    micro_batch_blocks: Annotated[
        int,
        Option(
            "blocks of a step that are computed at a time; memory grows with it, results move by rounding only",
            minimum=1,
            maximum=65_536,
        ),
    ]
    precision: Annotated[
        Precision, Option("format of matrix products in training; weights, sums and losses are float32")
    ]
    checkpoint_minutes: Annotated[
        float,
        Option(
            "minutes between saved states, from which a killed job goes on; 0 saves none",
            minimum=0,
            maximum=100_000,
            changes_result=False,
        ),
    ]
    learning_rate: Annotated[float, Option("AdamW learning rate at the start", above=0, maximum=1, arm=True)]
    final_learning_rate: Annotated[
        float, Option("learning rate at the end of the cosine", minimum=0, maximum=1, arm=True)
    ]
    weight_decay: Annotated[float, Option("AdamW weight decay", minimum=0, maximum=1, arm=True)]


@dataclass(frozen=True, kw_only=True)
class FinetuneJob(Training):
    """Fine-tuning of one generation on its training set."""

    blocks: Annotated[
        int | None,
        Option(
            "blocks of its training set that a generation is trained on, at the same places each time; null is all",
            minimum=1,
            arm=True,
        ),
    ]
    steps: Annotated[
        int | None,
        Option(
            "steps, in place of epochs, whatever the size of the training set; null: by epochs", minimum=1, arm=True
        ),
    ]
    model_selection: Annotated[
        Literal["none", "validation"],
        Option("epoch whose weights are kept: the last (none), or that of least validation loss", arm=True),
    ]


@dataclass(frozen=True, kw_only=True)
class Finetune(FinetuneJob):
    """Fine-tuning of every generation, and the model that it starts from."""

    initialization: Annotated[
        Literal["base", "previous"],
        Option("model that a generation starts from: the base model, or the generation before", arm=True),
    ]
    size: Annotated[
        str | None,
        Option("initialization base: a name of base_model.pretraining.sizes; null is the base model itself", arm=True),
    ]
    processes: Annotated[
        int,
        Option(
            "processes that share every batch, one for each GPU, started by accelerate launch; 1 starts none",
            minimum=1,
            maximum=1024,
            changes_result=False,
        ),
    ]


Layers = Annotated[int, Option("transformer layers", minimum=1, maximum=96)]
Width = Annotated[int, Option("model width; a multiple of heads", minimum=8, maximum=16_384)]
Heads = Annotated[int, Option("attention heads", minimum=1, maximum=128)]


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a base model of another size changes of the pretraining. The defaults say that nothing is changed."""

    layers: Layers = 0
    width: Width = 0
    heads: Heads = 0
    epochs: Annotated[int, Option("passes over the pretraining text", minimum=1, maximum=10_000)] = 0
    learning_rate: Annotated[float, Option("AdamW learning rate at the start", above=0, maximum=1)] = 0
    final_learning_rate: Annotated[float, Option("learning rate at the end of the cosine", minimum=0, maximum=1)] = 0


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The shape of a base model made here, and its first weights."""

    layers: Layers
    width: Width
    heads: Heads
    dropout: Annotated[float, Option("dropout while training, kept in the model", minimum=0, below=1)]
    seed: Annotated[int, Option("seed of weights, order and dropout", minimum=0)]


@dataclass(frozen=True, kw_only=True)
class PretrainingText:
    """The text of a base model made here, and its tokenizer."""

    text: Annotated[Literal["docstrings", "files"], Option("docstrings of Python's standard library, or files")]
    files: Annotated[list[Annotated[str, Option(fewest=1)]], Option("text files: UTF-8 text to pretrain on")]
    vocabulary_size: Annotated[int, Option("entries of the byte-level BPE", minimum=260, maximum=200_000)]


@dataclass(frozen=True, kw_only=True)
class Pretraining(Training, Architecture, PretrainingText):
    """The small base model made here."""

    threads: Annotated[int, Option("compute threads of the pretraining job", minimum=1, maximum=1024)]
    sizes: Annotated[
        dict[str, Annotated[Size, Option("what a size changes of the base model's pretraining", fewest=1)]],
        Option("base models of other sizes, by name", keys=NAME),
    ]
