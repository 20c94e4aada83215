"""Options of tables, tests between arms, and verdicts."""

from dataclasses import dataclass
from typing import Annotated, Literal

from collapse.options import Option, option

MEASURE = r"^([a-zA-Z0-9_]+|log\([a-zA-Z0-9_]+\))$"


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Tables and intervals."""

    confidence: float = option("level of the intervals", above=0, below=1)
    resamples: int = option("bootstrap resamples over seeds", minimum=1, maximum=1_000_000)
    histogram_generations: list[Annotated[int, Option(minimum=0)]] = option(
        "generations in the histogram of block perplexities, up to the last", fewest=1
    )
    histogram_bins_per_decade: int = option("histogram bins a factor of ten", minimum=1, maximum=1000)
    improbable_quantile: float = option(
        "measure improbable_blocks: quantile of generation 0's own blocks beyond which a block counts", above=0, below=1
    )


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """Tests between arms and over generations, and the onset of collapse."""

    measures: list[Annotated[str, Option(pattern=MEASURE)]] = option(
        "measures of summary.csv by name, or log(name); a measure without values gets empty cells", fewest=1
    )
    compared: Literal["change", "value"] = option(
        "what of two arms is compared: the change from generation 0 to the last, or the last value"
    )
    reference: str | None = option(
        "arm that every other is compared with if there are no questions; null is every pair"
    )
    permutations: int = option(
        "sets of signs of a test; n seeds have 2^n, and the test is exact if these are no more",
        minimum=1,
        maximum=1_000_000,
    )
    interval: Literal["student", "bootstrap"] = option("interval that onset and verdicts are decided by")


@dataclass(frozen=True)
class Rule:
    """Rule that decides whether an arm has collapsed by one definition."""

    measure: str | None = option("measure of summary.csv by name, or log(name); null is undecided", pattern=MEASURE)
    against: str | None = option("measure that is subtracted first; null is none", pattern=MEASURE)
    direction: Literal["rise", "fall"] = option("which way the measure goes as this collapse sets in")
    threshold: float = option(
        "effect beyond which it is collapse, positive towards collapse, in the unit of the measure",
        minimum=-1_000_000,
        maximum=1_000_000,
    )


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The eight definitions of collapse (Schaeffer et al., arXiv 2503.03150), each with its rule."""

    catastrophic_risk: Rule = option("catastrophic increase of the risk on human text, from generation 0 to the last")
    any_increase: Rule = option("any increase of the risk on human text, from generation 0 to the last")
    diverging_risk: Rule = option(
        "risk that still rises in the second half of the run; effect and threshold a generation"
    )
    changed_scaling_law: Rule = option("another law of risk against the amount of data")
    collapsing_variance: Rule = option("variety of the synthetic text that vanishes, from generation 0 to the last")
    entangled_modes: Rule = option("modes of human text that are mixed up")
    lost_tails: Rule = option("rare human text lost before the rest, from generation 0 to the last")
    hallucinated_data: Rule = option("text that generation 0 would hardly have written, from generation 0 to the last")
