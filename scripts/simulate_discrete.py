"""Simulate chains of one discrete distribution and sample size, measured beside their exact expectations."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from collapse.artefacts import write_manifest
from collapse.seeds import derive_seed
from collapse.theory import discrete
from scripts.shared import job
from scripts.shared.theory import write_trajectory
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--distribution", required=True, help="its name")
    parser.add_argument("--kind", choices=["uniform", "zipf"], required=True)
    parser.add_argument("--exponent", type=float)
    for name in ("symbols", "samples", "chains", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--generation", type=int, action="append", required=True, help="at which chains are measured")
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
            generations=args.generation,
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
            "generations": args.generation,
            "seed": args.seed,
        },
    )
    work.finish()


if __name__ == "__main__":
    job.run(main)
