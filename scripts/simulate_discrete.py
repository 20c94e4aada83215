"""Simulate chains of one discrete distribution and sample size, measured beside their exact expectations."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from collapse.artefacts import write_manifest
from collapse.seeds import derive_seed
from collapse.theory import discrete
from collapse.theory.monte_carlo import summary
from scripts.shared import job
from scripts.shared.theory import write_trajectory
from scripts.shared.timer import Timer

# a mean that so few chains contribute to has no usable standard error
FEWEST_CHAINS = 30


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
    rows = []
    last = max(args.generation)
    with work:
        for generation, state in zip(count(1), discrete.simulate(p, args.chains, args.samples, seed), strict=False):
            if generation in args.generation:
                exact = discrete.exact(p, args.samples, generation)
                for name, values in discrete.measures(state.counts(), p).items():
                    row = {"quantity": name, "samples": args.samples, "generation": generation, **summary(values)}
                    row["exact"] = exact.get(name)
                    undecided = args.chains * exact["heterozygosity"]
                    row["comparable"] = name in exact and (name != "heterozygosity" or undecided >= FEWEST_CHAINS)
                    rows.append(row)
            work.progress(generation, last, "generations")
            if generation == last:
                break

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
