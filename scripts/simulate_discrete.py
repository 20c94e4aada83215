"""Simulate chains of one discrete distribution and sample size, measured beside their exact expectations."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from collapse.seeds import derive_seed
from collapse.theory import discrete
from collapse.theory.options import Chains, Distribution
from scripts.shared import job, options
from scripts.shared.step import Step
from scripts.shared.theory import write_trajectory


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add(parser, str, distribution="name of the distribution")
    job.add(parser, int, samples="draws a generation")
    options.add(parser, Distribution)
    options.add(parser, Chains)
    job.add(parser, Path, "manifest", output="CSV")
    args = parser.parse_args(argv)
    step = Step(args)

    p = discrete.probabilities(args.kind, args.symbols, args.exponent)
    seed = derive_seed(args.seed, "discrete", args.distribution, args.samples)
    with step:
        rows = discrete.trajectory(
            p,
            chains=args.chains,
            samples=args.samples,
            generations=args.generations,
            seed=seed,
            progress=partial(step.progress, note="generations"),
        )

    write_trajectory(args.output, rows)
    declared = options.values(args, Distribution) | options.values(args, Chains)
    recorded = {"setting": args.distribution, "samples": args.samples, **declared}
    step.write(args.manifest, "discrete chains", [args.output], recorded, libraries=("numpy",))
