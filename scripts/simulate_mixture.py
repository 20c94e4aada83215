"""Take chains of mixtures from one kept generation to the next; without a generation before, write the original."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch

from collapse.artefacts import checked_manifest, write_columns, write_manifest
from collapse.seeds import derive_seed
from collapse.theory import mixture
from collapse.theory.mixture import Mixtures
from scripts.shared import job
from scripts.shared.timer import Timer

MEASURED = 20  # generations between two kept ones at which all chains are measured


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--original", choices=list(mixture.ORIGINALS), required=True)
    for name in ("samples", "chains", "generation", "max-iterations", "seed", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("tolerance", "regularization"):
        parser.add_argument(f"--{name}", type=float, required=True)
    parser.add_argument("--previous", type=Path, help="folder of the kept generation before")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)
    torch.set_num_threads(args.threads)

    place = {"original": args.original, "samples": args.samples, "chains": args.chains, "seed": args.seed}
    truth = state = mixture.stated(mixture.ORIGINALS[args.original], args.chains)
    first, parents = args.generation, []
    if args.previous:
        parents = [args.previous / "manifest.json"]
        first = checked_manifest(parents[0], "mixture chains", place)["options"]["generation"] + 1
        state = read_chains(args.previous / "chains.parquet")
    measured = {args.generation, *np.linspace(first, args.generation, MEASURED).round().astype(int).tolist()}
    measures: list[dict] = []
    path: list[dict] = []
    with work:
        for generation in range(first, args.generation + 1):
            if generation > 0:
                rng = np.random.default_rng(derive_seed(args.seed, "mixture", args.original, args.samples, generation))
                start = state if generation > 1 else mixture.stated(mixture.STARTS[args.original], args.chains)
                points = mixture.sample(state, args.samples, rng)
                state = mixture.fit(points, start, args.tolerance, args.max_iterations, args.regularization)
            path.append(columns(state[:1]) | {"generation": [generation] * 2})
            if generation in measured:
                measures.append(
                    {
                        "generation": [generation] * args.chains,
                        "chain": list(range(args.chains)),
                        "l2_distance": mixture.l2_distance(truth, state).tolist(),
                        "total_variance": mixture.total_variance(state).tolist(),
                        "smaller_weight": state.weights.amin(1).tolist(),
                        "absorbed": state.absorbed.tolist(),
                    }
                )
            work.progress(generation - first + 1, args.generation - first + 1, "generations")

    files = [args.output / name for name in ("chains.parquet", "measures.parquet", "first_chain.parquet")]
    write_columns(files[0], columns(state))
    write_columns(files[1], joined(measures))
    write_columns(files[2], joined(path))
    write_manifest(
        args.output / "manifest.json",
        kind="mixture chains",
        files=files,
        parents=parents,
        code=args.code,
        libraries=("numpy", "torch"),
        options={
            **place,
            "generation": args.generation,
            "absorbed": int(state.absorbed.sum()),
            "tolerance": args.tolerance,
            "max_iterations": args.max_iterations,
            "regularization": args.regularization,
            "threads": args.threads,
        },
    )
    work.finish()


def columns(state: Mixtures) -> dict[str, list]:
    """A row for each chain and component."""
    chains = len(state.weights)
    return {
        "chain": [chain for chain in range(chains) for _ in range(2)],
        "component": [0, 1] * chains,
        "weight": state.weights.flatten().tolist(),
        "mean_x": state.means[..., 0].flatten().tolist(),
        "mean_y": state.means[..., 1].flatten().tolist(),
        "variance_x": state.covariances[..., 0, 0].flatten().tolist(),
        "covariance_xy": state.covariances[..., 0, 1].flatten().tolist(),
        "variance_y": state.covariances[..., 1, 1].flatten().tolist(),
        "absorbed": state.absorbed.repeat_interleave(2).tolist(),
    }


def joined(parts: Sequence[dict[str, list]]) -> dict[str, list]:
    return {name: [value for part in parts for value in part[name]] for name in parts[0]}


def read_chains(path: Path) -> Mixtures:
    """What `columns` wrote."""
    table = pq.ParquetFile(path).read()
    values = {name: torch.tensor(table.column(name).to_numpy()) for name in table.column_names}
    covariances = [values[name] for name in ("variance_x", "covariance_xy", "covariance_xy", "variance_y")]
    return Mixtures(
        values["weight"].unflatten(0, (-1, 2)),
        torch.stack([values["mean_x"], values["mean_y"]], dim=1).unflatten(0, (-1, 2)),
        torch.stack(covariances, dim=1).unflatten(0, (-1, 2)).unflatten(2, (2, 2)),
        values["absorbed"][::2],
    )


if __name__ == "__main__":
    job.run(main)
