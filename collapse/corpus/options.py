"""Options of the human text."""

from dataclasses import dataclass
from typing import Annotated, Literal

from collapse.options import COMMIT, Option

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True, kw_only=True)
class Splits:
    """A name for each split: a file's, or the name that a dataset on a hub gives it."""

    train: Annotated[str, Option("split to train on", fewest=1)] = ""
    validation: Annotated[str, Option("split kept aside; without it, the last training documents", fewest=1)] = ""
    test: Annotated[str, Option("split to test on", fewest=1)] = ""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The human text."""

    source: Annotated[
        Literal["pydoc", "files", "hub"],
        Option("pydoc: the language reference inside Python; files: local text, Parquet or Arrow; hub: a dataset"),
    ]
    block_tokens: Annotated[
        int, Option("tokens a block; also the length of a prompt and of a continuation", minimum=4, maximum=4096)
    ]
    train_blocks: Annotated[
        int | None,
        Option("training blocks kept, spread evenly; null keeps all; one synthetic block for each", minimum=2),
    ]
    validation_blocks: Annotated[int | None, Option("validation blocks kept; null keeps all", minimum=1)]
    test_blocks: Annotated[int | None, Option("test blocks kept; null keeps all", minimum=1)]
    validation_fraction: Annotated[
        float,
        Option("share of pydoc topics, or of training documents where no validation split is given", above=0, below=1),
    ]
    test_fraction: Annotated[float, Option("share of pydoc topics to test on", above=0, below=1)]
    text_column: Annotated[str, Option("column with the text in Parquet, Arrow and hub tables", fewest=1)]
    folder: Annotated[str | None, Option("source files: the folder that holds them", fewest=1)]
    files: Annotated[Splits, Option("source files: file name of each split, inside the folder")]
    repository: Annotated[str | None, Option("source hub: dataset repository, owner/name", fewest=1)]
    configuration: Annotated[str | None, Option("source hub: the dataset's configuration", fewest=1)]
    revision: Annotated[str | None, Option("source hub: the exact commit, 40 hex digits", pattern=COMMIT)]
    splits: Annotated[Splits, Option("source hub: the dataset's name of each split")]


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A fixed passage that every generation continues."""

    search: Annotated[str, Option("words of the corpus; the passage begins where they first occur", fewest=1)]
