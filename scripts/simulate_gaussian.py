"""Simulate chains of normal distributions of one variant, dimension and sample size, beside exact expectations."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from collapse.artefacts import write_manifest
from collapse.seeds import derive_seed
from collapse.theory import gaussian
from scripts.shared import job
from scripts.shared.theory import write_trajectory
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--draws", choices=list(gaussian.DRAWS), required=True)
    for name in ("dimensions", "samples", "chains", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--superlinear-exponent", type=float, default=1.5, help="of variant superlinear")
    parser.add_argument("--real-fraction", type=float, default=0.1, help="of variant real")
    parser.add_argument("--generation", type=int, action="append", required=True, help="at which chains are measured")
    parser.add_argument("--output", type=Path, required=True, help="CSV")
    parser.add_argument("--manifest", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    variant = gaussian.variants(args.superlinear_exponent, args.real_fraction)[args.variant]
    rng = np.random.default_rng(derive_seed(args.seed, "gaussian", args.variant, args.dimensions, args.samples))
    with work:
        rows = gaussian.trajectory(
            variant,
            gaussian.DRAWS[args.draws],
            chains=args.chains,
            dimensions=args.dimensions,
            samples=args.samples,
            generations=args.generation,
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
            "generations": args.generation,
            "draws": args.draws,
            "exponent": variant.exponent,
            "real_fraction": variant.real_fraction,
            "seed": args.seed,
        },
    )
    work.finish()


if __name__ == "__main__":
    job.run(main)
