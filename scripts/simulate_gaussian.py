"""Simulate chains of normal distributions of one variant, dimension and sample size, beside exact expectations."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from collapse.artefacts import write_manifest
from collapse.seeds import derive_seed
from collapse.theory import gaussian
from collapse.theory.options import OF_VARIANT, GaussianJob
from scripts.shared import job, options
from scripts.shared.theory import write_trajectory
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--variant", required=True)
    for name in ("dimensions", "samples"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options.add(parser, GaussianJob, optional=[name for names in OF_VARIANT.values() for name in names])
    parser.add_argument("--output", type=Path, required=True, help="CSV")
    parser.add_argument("--manifest", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    # other variants use neither number
    variant = gaussian.variants(args.superlinear_exponent or 0.0, args.real_fraction or 0.0)[args.variant]
    rng = np.random.default_rng(derive_seed(args.seed, "gaussian", args.variant, args.dimensions, args.samples))
    with work:
        rows = gaussian.trajectory(
            variant,
            gaussian.DRAWS[args.draws],
            chains=args.chains,
            dimensions=args.dimensions,
            samples=args.samples,
            generations=args.generations,
            rng=rng,
            progress=partial(work.progress, note="generations"),
        )

    write_trajectory(args.output, rows)
    write_manifest(
        args.manifest,
        kind="gaussian chains",
        files=[args.output],
        parents=[],
        code=args.code,
        libraries=("numpy", "scipy"),
        options={
            "setting": f"{args.variant} {args.dimensions}d",
            "variant": args.variant,
            "dimensions": args.dimensions,
            "samples": args.samples,
            "chains": args.chains,
            "generations": args.generations,
            "draws": args.draws,
            "exponent": variant.exponent,
            "real_fraction": variant.real_fraction,
            "seed": args.seed,
        },
    )
    work.finish()
