"""Options of the experiments whose answer is known."""

from dataclasses import dataclass
from typing import Annotated, Literal

from collapse.options import NAME, Option, option

Samples = list[Annotated[int, Option(minimum=2, maximum=1_000_000_000)]]
SeedOfDraws = Annotated[int, Option("seed of all draws", minimum=0)]


@dataclass(frozen=True, kw_only=True)
class Chains:
    """Chains of fits, and when they are measured."""

    seed: SeedOfDraws
    chains: int = option("independent chains", minimum=2, maximum=100_000_000)
    generations: list[Annotated[int, Option(minimum=1, maximum=10_000_000)]] = option(
        "numbers of fits after which the chains are measured", fewest=1
    )


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A true distribution over symbols."""

    kind: Literal["uniform", "zipf"] = option("uniform: a die; zipf: probability falls as 1 / rank^exponent")
    symbols: int = option("number of symbols", minimum=2, maximum=10_000_000)
    exponent: float | None = option("kind zipf: its exponent", minimum=0, maximum=10)


@dataclass(frozen=True, kw_only=True)
class Discrete(Chains):
    """A distribution over symbols, sampled and refitted by counting."""

    distributions: dict[str, Annotated[Distribution, Option("a true distribution")]] = option(
        "the true distributions, by name", keys=NAME, fewest=1
    )
    samples: Samples = option("M, draws a generation", fewest=1)


@dataclass(frozen=True, kw_only=True)
class GaussianJob(Chains):
    """A normal distribution of one variant, dimension and sample size."""

    superlinear_exponent: float = option("variant superlinear: M_k = M k^exponent", above=1, maximum=3)
    real_fraction: float = option(
        "variant real: share of every sample that comes from the true distribution", above=0, below=1
    )
    draws: Literal["summaries", "samples"] = option(
        "summaries: draw mean and scatter themselves; samples: draw M points"
    )


# options that one variant alone takes
OF_VARIANT = {"superlinear": ("superlinear_exponent",), "real": ("real_fraction",)}


@dataclass(frozen=True, kw_only=True)
class Gaussian(GaussianJob):
    """A normal distribution, sampled and refitted by mean and covariance."""

    dimensions: list[Annotated[int, Option(minimum=1, maximum=1000)]] = option(
        "dimensions of the standard normal distributions that are the truth", fewest=1
    )
    samples: Samples = option("M, draws a generation; more than the dimensions", fewest=1)
    variants: list[Literal["unbiased", "biased", "linear", "superlinear", "accumulate", "real"]] = option(
        "how the next sample is made and fitted; variants of collapse/theory/gaussian.py", fewest=1
    )


@dataclass(frozen=True, kw_only=True)
class MixtureJob:
    """A mixture of two Gaussians in the plane, of one original and sample size."""

    seed: SeedOfDraws
    chains: int = option("independent chains", minimum=1, maximum=1_000_000)
    tolerance: float = option("EM stops when the mean log-likelihood grows by less", above=0, maximum=1)
    max_iterations: int = option("iterations after which EM stops", minimum=1, maximum=1_000_000)
    regularization: float = option("added to the diagonal of every covariance", minimum=0, maximum=1)


@dataclass(frozen=True, kw_only=True)
class Mixture(MixtureJob):
    """A mixture of two Gaussians in the plane, sampled and refitted by EM."""

    originals: list[Literal["overlapping", "blob"]] = option(
        "true distributions; overlapping: two Gaussians; blob: one", fewest=1
    )
    samples: list[Annotated[int, Option(minimum=2, maximum=100_000_000)]] = option("M, draws a generation", fewest=1)
    generations: list[Annotated[int, Option(minimum=0, maximum=1_000_000)]] = option(
        "generations that are kept and shown, from 0 upwards; a job goes from one to the next", fewest=2
    )


@dataclass(frozen=True, kw_only=True)
class ThreeErrors:
    """The three errors of the theory, one at a time and together."""

    seed: SeedOfDraws
    chains: int = option("independent chains where there are draws", minimum=2, maximum=100_000_000)
    samples: int = option("M where the sample is finite", minimum=2, maximum=1_000_000_000)
    generations: int = option("number of fits", minimum=1, maximum=100_000)
    separation: float = option("half the distance of the two modes of a truth of variance 1", minimum=0, below=1)
    steps: int = option("steps after which the optimiser is stopped", minimum=1, maximum=1_000_000)
    step_size: float = option("step size of the natural gradient", above=0, below=1)
