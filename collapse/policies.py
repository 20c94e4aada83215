"""Policies by name: what the next generation is trained on, what each reads, and its options.

collapse/mixing.py has a function of the same name for each. To add a policy: its line here, its function there, a test.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from collapse.options import Option, option

HumanFraction = Annotated[
    float, Option("policy preserve: share of human blocks in every training set", minimum=0, maximum=1)
]


@dataclass(frozen=True, kw_only=True)
class NoOptions:
    """A policy without options."""


@dataclass(frozen=True, kw_only=True)
class PreserveLoaded:
    """Human blocks are taken from the loaded training set."""

    human_fraction: HumanFraction


@dataclass(frozen=True, kw_only=True)
class Preserve(PreserveLoaded):
    """Human blocks are taken from the original text."""

    human_draw: Literal["each_generation", "once"] = option(
        "policy preserve: human blocks are drawn anew for every generation, or once for the chain"
    )


@dataclass(frozen=True, kw_only=True)
class ProvenanceFilter:
    """Text is chosen by its recorded origin."""

    most_depth: int = option(
        "policy provenance_filter: number of models between human text and a training block, at most", minimum=0
    )


@dataclass(frozen=True, kw_only=True)
class WatermarkFilter:
    """Text is chosen by a watermark detector."""

    z_threshold: float = option(
        "policy watermark_filter: blocks with a higher score of the detector are left out (z-score)"
    )


@dataclass(frozen=True, kw_only=True)
class GrowingWeb:
    """A web whose synthetic share grows."""

    share_growth: float = option("policy growing_web: growth of the synthetic share a generation", minimum=0, maximum=1)


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Text that several models wrote."""

    writers: list[str] = option("policy pool: arms whose models write the text, this arm too if it is named", fewest=1)
    writer_seeds: Literal["own", "all"] = option("policy pool: the writers' chains of the same seed, or of all seeds")


@dataclass(frozen=True)
class Policy:
    """What a policy reads besides the human blocks, and the class of its options."""

    history: Literal["latest", "all"]  # the newest synthetic set, or every synthetic set so far
    options: type = NoOptions
    grows: bool = False  # its training set grows by the size of the human text with every generation
    detects: bool = False  # it also takes `z_scores` of a watermark: of the human blocks and of each synthetic set
    pools: bool = False  # it also takes `texts`, the newest set of each writer, in place of its own synthetic sets


POLICIES = {
    "replace": Policy("latest"),
    "preserve": Policy("latest", Preserve),
    "preserve_loaded": Policy("all", PreserveLoaded),
    "accumulate": Policy("all", grows=True),
    "accumulate_subsample": Policy("all"),
    "provenance_filter": Policy("all", ProvenanceFilter),
    "watermark_filter": Policy("all", WatermarkFilter, detects=True),
    "growing_web": Policy("all", GrowingWeb),
    "pool": Policy("latest", Pool, pools=True),
}
