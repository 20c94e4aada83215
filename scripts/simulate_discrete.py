"""Simulate chains of one discrete distribution and sample size, measured beside their exact expectations."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from collapse.artefacts import write_manifest
from collapse.seeds import derive_seed
from collapse.theory import discrete
from collapse.theory.options import Chains, Distribution
from scripts.shared import job, options
from scripts.shared.theory import write_trajectory
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--distribution", required=True, help="its name")
    parser.add_argument("--samples", type=int, required=True, help="draws a generation")
    options.add(parser, Distribution)
    options.add(parser, Chains)
    parser.add_argument("--output", type=Path, required=True, help="CSV")
    parser.add_argument("--manifest", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    p = discrete.probabilities(args.kind, args.symbols, args.exponent)
    seed = derive_seed(args.seed, "discrete", args.distribution, args.samples)
    with work:
        rows = discrete.trajectory(
            p,
            chains=args.chains,
            samples=args.samples,
            generations=args.generations,
            seed=seed,
            progress=partial(work.progress, note="generations"),
        )

    write_trajectory(args.output, rows)
    write_manifest(
        args.manifest,
        kind="discrete chains",
        files=[args.output],
        parents=[],
        code=args.code,
        libraries=("numpy",),
        options={
            "setting": args.distribution,
            "kind": args.kind,
            "symbols": args.symbols,
            "exponent": args.exponent,
            "samples": args.samples,
            "chains": args.chains,
            "generations": args.generations,
            "seed": args.seed,
        },
    )
    work.finish()
