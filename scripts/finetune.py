"""Fine-tune the base model on the training set of one generation."""

from collections.abc import Sequence
from pathlib import Path

from collapse.artefacts import checked_manifest, read_blocks, write_manifest
from collapse.opt import read_config, read_weights, write_opt
from collapse.seeds import derive_seed
from scripts import job, training


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add_place(parser)
    training.add_arguments(parser)
    parser.add_argument("--training-set", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    work = job.Job(args.benchmark)

    place = {"arm": args.arm, "seed": args.seed, "generation": args.generation}
    manifest = args.training_set.with_suffix(".manifest.json")
    checked_manifest(manifest, "training set", place)
    checked_manifest(args.base / "manifest.json", "base model")
    blocks, _ = read_blocks(args.training_set)
    config = read_config(args.base)
    seed = derive_seed(args.seed, job.chain_name(args), args.generation, "finetune")
    model, losses, processes = training.run(args, work, read_weights(args.base), config, blocks, seed)
    if processes.rank == 0:
        write_manifest(
            args.output / "manifest.json",
            kind="model",
            files=write_opt(model.state_dict(), config, args.output),
            parents=[manifest, args.base / "manifest.json"],
            code=args.code,
            options={**place, **training.options(args), "processes": processes.count, "loss_by_epoch": losses},
        )
        args.checkpoint.unlink(missing_ok=True)
        work.finish()


if __name__ == "__main__":
    job.run(main)
