"""Fine-tune the base model, or that of the generation before, on the training set of one generation."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from collapse.models.families import read_config
from collapse.models.opt import read_weights, write_weights
from collapse.seeds import derive_seed
from collapse.tables import read_blocks
from collapse.training.options import FinetuneJob
from collapse.training.selection import Selection
from scripts.shared import job, training
from scripts.shared.step import Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add_place(parser)
    job.add_source_arms(parser, "training", "start")
    training.add_arguments(parser, FinetuneJob)
    job.add(parser, Path, "training_set", "output", base="folder of the model that training starts from")
    parser.add_argument("--validation", type=Path, help="validation.parquet, to select the model by its loss")
    args = parser.parse_args(argv)
    step = Step(args)

    manifest = args.training_set.with_suffix(".manifest.json")
    training_set = step.check(manifest, "training set", job.place(args, "training"))
    if args.start_arm:
        before = job.place(args, "start") | {"generation": args.generation - 1}
        step.check(args.base / "manifest.json", "model", before)
    else:
        step.check(args.base / "manifest.json", "base model")
    blocks = some(read_blocks(args.training_set)[0], args.blocks, derive_seed(args.seed, "blocks"))
    config = read_config(args.base)
    seed = derive_seed(args.seed, args.generation, "finetune")
    selection = None
    if args.validation:
        step.check(args.validation.with_suffix(".manifest.json"), "human text", {"split": "validation"})
        selection = Selection(read_blocks(args.validation)[0], args.batch_blocks)
    model, losses, processes = training.run(
        args, FinetuneJob, step, read_weights(args.base), config, blocks, seed, selection
    )
    if processes.rank == 0:
        recorded = {
            **job.place(args),
            **training.deciding(args, FinetuneJob),
            "processes": processes.count,
            "loss_by_epoch": losses,
            "validation_loss_by_epoch": selection.losses if selection else None,
            "training_blocks": len(blocks),
            "training_steps": training.steps(args, blocks),
            "training_tokens": training.tokens(args, blocks),
            **{name: training_set[name] for name in ("human_fraction", "detection")},
        }
        files = write_weights(model.state_dict(), config, args.output)
        step.write(args.output / "manifest.json", "model", files, recorded)
        args.checkpoint.unlink(missing_ok=True)


def some(blocks: np.ndarray, count: int | None, seed: int) -> np.ndarray:
    """Choose `count` blocks (rows, tokens), in order; None is all. Of one seed, a smaller set is part of a larger."""
    if count is None:
        return blocks
    return blocks[np.sort(np.random.default_rng(seed).permutation(len(blocks))[:count])]
