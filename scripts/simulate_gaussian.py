"""Simulate chains of normal distributions of one variant, dimension and sample size, beside exact expectations."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from collapse.seeds import derive_seed
from collapse.theory import gaussian
from collapse.theory.options import OF_VARIANT, Chains, GaussianJob
from scripts.shared import job, options
from scripts.shared.step import Step
from scripts.shared.theory import write_trajectory


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add(parser, str, "variant")
    job.add(parser, int, "dimensions", "samples")
    options.add(parser, GaussianJob, optional=[name for names in OF_VARIANT.values() for name in names])
    job.add(parser, Path, "manifest", output="CSV")
    args = parser.parse_args(argv)
    step = Step(args)

    # other variants use neither number
    variant = gaussian.variants(args.superlinear_exponent or 0.0, args.real_fraction or 0.0)[args.variant]
    rng = np.random.default_rng(derive_seed(args.seed, "gaussian", args.variant, args.dimensions, args.samples))
    with step:
        rows = gaussian.trajectory(
            variant,
            gaussian.DRAWS[args.draws],
            chains=args.chains,
            dimensions=args.dimensions,
            samples=args.samples,
            generations=args.generations,
            rng=rng,
            progress=partial(step.progress, note="generations"),
        )

    write_trajectory(args.output, rows)
    recorded = {
        "setting": f"{args.variant} {args.dimensions}d",
        **{name: getattr(args, name) for name in ("variant", "dimensions", "samples", "draws")},
        **options.values(args, Chains),
        **{name: getattr(variant, name) for name in ("exponent", "real_fraction")},
    }
    step.write(args.manifest, "gaussian chains", [args.output], recorded, libraries=("numpy", "scipy"))
