"""Options of evaluation."""

from dataclasses import dataclass

from collapse.options import Precision, option


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """How a generation is evaluated."""

    precision: Precision = option("format of the models that score")
    batch_blocks: int = option("blocks scored at a time; memory grows with it", minimum=1, maximum=65_536)
    frequency_groups: int = option("groups of target tokens by frequency", minimum=2, maximum=100)
    repeated_ngram_tokens: int = option("length of the n-grams counted", minimum=1, maximum=64)
    sample_blocks: int = option(
        "blocks that MAUVE, Vendi score and self-BLEU look at, drawn once a seed; all if there are fewer",
        minimum=2,
        maximum=1_000_000,
    )
    modes: int = option(
        "stretches of equal length that the human training text is cut into, each taken for a mode",
        minimum=2,
        maximum=1000,
    )
    minority_share: float = option(
        "share of test blocks, least likely under generation 0, whose loss is followed by itself", above=0, below=1
    )
