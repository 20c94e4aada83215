"""Options of evaluation."""

from dataclasses import dataclass
from typing import Annotated

from collapse.options import Option, Precision


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """How a generation is evaluated."""

    precision: Annotated[Precision, Option("format of the models that score")]
    batch_blocks: Annotated[int, Option("blocks scored at a time; memory grows with it", minimum=1, maximum=65_536)]
    frequency_groups: Annotated[int, Option("groups of target tokens by frequency", minimum=2, maximum=100)]
    repeated_ngram_tokens: Annotated[int, Option("length of the n-grams counted", minimum=1, maximum=64)]
    sample_blocks: Annotated[
        int,
        Option(
            "blocks that MAUVE, Vendi score and self-BLEU look at, drawn once a seed; all if there are fewer",
            minimum=2,
            maximum=1_000_000,
        ),
    ]
    modes: Annotated[
        int,
        Option(
            "stretches of equal length that the human training text is cut into, each taken for a mode",
            minimum=2,
            maximum=1000,
        ),
    ]
    minority_share: Annotated[
        float,
        Option(
            "share of test blocks, least likely under generation 0, whose loss is followed by itself", above=0, below=1
        ),
    ]
