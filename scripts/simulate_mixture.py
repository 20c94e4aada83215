"""Take chains of mixtures from one kept generation to the next; without a generation before, write the original."""

from collections.abc import Sequence
from pathlib import Path

import torch

from collapse.tables import write_columns
from collapse.theory import mixture, mixture_chains
from collapse.theory.options import MixtureJob
from scripts.shared import job, options
from scripts.shared.step import Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--original", choices=list(mixture.ORIGINALS), required=True)
    job.add(parser, int, "samples", "generation", "threads")
    options.add(parser, MixtureJob)
    parser.add_argument("--previous", type=Path, help="folder of the previous kept generation")
    job.add(parser, Path, output="folder")
    args = parser.parse_args(argv)
    step = Step(args)
    torch.set_num_threads(args.threads)

    place = {"original": args.original, "samples": args.samples, "chains": args.chains, "seed": args.seed}
    truth = state = mixture.stated(mixture.ORIGINALS[args.original], args.chains)
    first = args.generation
    if args.previous:
        first = step.check(args.previous / "manifest.json", "mixture chains", place)["generation"] + 1
        state = mixture_chains.read_chains(args.previous / "chains.parquet")
    measured = mixture_chains.measured_generations(first, args.generation)
    measures: list[mixture_chains.Columns] = []
    path: list[mixture_chains.Columns] = []
    with step:
        chains = mixture_chains.simulate(
            args.original,
            state,
            range(first, args.generation + 1),
            samples=args.samples,
            seed=args.seed,
            tolerance=args.tolerance,
            max_iterations=args.max_iterations,
            regularization=args.regularization,
        )
        for generation, state in chains:
            path.append(mixture_chains.columns(state[:1]) | {"generation": [generation] * 2})
            if generation in measured:
                measures.append(mixture_chains.measures(truth, state, generation))
            step.progress(generation - first + 1, args.generation - first + 1, "generations")

    files = [args.output / name for name in ("chains.parquet", "measures.parquet", "first_chain.parquet")]
    write_columns(files[0], mixture_chains.columns(state))
    write_columns(files[1], mixture_chains.joined(measures))
    write_columns(files[2], mixture_chains.joined(path))
    recorded = {
        **place,
        **options.values(args, MixtureJob),
        "generation": args.generation,
        "absorbed": int(state.absorbed.sum()),
        "threads": args.threads,
    }
    step.write(args.output / "manifest.json", "mixture chains", files, recorded, libraries=("numpy", "torch"))
