"""Options of the human text."""

from dataclasses import dataclass
from typing import Literal

from collapse.options import COMMIT, option

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True, kw_only=True)
class Splits:
    """A name for each split: a file's, or the name that a dataset on a hub gives it."""

    train: str = option("split to train on", fewest=1, default="")
    validation: str = option("split kept aside; without it, the last training documents", fewest=1, default="")
    test: str = option("split to test on", fewest=1, default="")


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The human text."""

    source: Literal["pydoc", "files", "hub"] = option(
        "pydoc: the language reference inside Python; files: local text, Parquet or Arrow; hub: a dataset"
    )
    block_tokens: int = option(
        "tokens a block; also the length of a prompt and of a continuation", minimum=4, maximum=4096
    )
    train_blocks: int | None = option(
        "training blocks kept, spread evenly; null keeps all; one synthetic block for each", minimum=2
    )
    validation_blocks: int | None = option("validation blocks kept; null keeps all", minimum=1)
    test_blocks: int | None = option("test blocks kept; null keeps all", minimum=1)
    validation_fraction: float = option(
        "share of pydoc topics, or of training documents where no validation split is given", above=0, below=1
    )
    test_fraction: float = option("share of pydoc topics to test on", above=0, below=1)
    text_column: str = option("column with the text in Parquet, Arrow and hub tables", fewest=1)
    folder: str | None = option("source files: the folder that holds them", fewest=1)
    files: Splits = option("source files: file name of each split, inside the folder")
    repository: str | None = option("source hub: dataset repository, owner/name", fewest=1)
    configuration: str | None = option("source hub: the dataset's configuration", fewest=1)
    revision: str | None = option("source hub: the exact commit, 40 hex digits", pattern=COMMIT)
    splits: Splits = option("source hub: the dataset's name of each split")


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A fixed passage that every generation continues."""

    search: str = option("words of the corpus; the passage begins where they first occur", fewest=1, longest=10_000)
