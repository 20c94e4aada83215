"""Train a small OPT from random weights: the base model that every generation starts from."""

import json
from collections.abc import Sequence
from pathlib import Path

from collapse.corpus.tokenizer import write_tokenizer
from collapse.models.transformers_files import new_opt, write_model
from collapse.seeds import derive_seed
from collapse.tables import read_blocks
from collapse.training.options import Architecture, Training
from scripts.shared import job, options, training
from scripts.shared.step import Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add(parser, Path, "output", text="folder of prepare_pretraining")
    job.add(parser, int, positions="tokens that the model can attend to")
    options.add(parser, Architecture)
    training.add_arguments(parser, Training)
    args = parser.parse_args(argv)
    step = Step(args)

    step.check(args.text / "manifest.json", "pretraining text")
    blocks, _ = read_blocks(args.text / "blocks.parquet")
    tokenizer = (args.text / "tokenizer.json").read_text()
    new = new_opt(
        vocabulary_size=len(json.loads(tokenizer)["model"]["vocab"]),
        layers=args.layers,
        width=args.width,
        heads=args.heads,
        positions=args.positions,
        dropout=args.dropout,
        seed=derive_seed(args.seed, "pretrain", "weights"),
    )
    seed = derive_seed(args.seed, "pretrain", "training")
    model, losses, _ = training.run(args, Training, step, dict(new.state_dict()), new.config.to_dict(), blocks, seed)
    new.load_state_dict(model.state_dict(), strict=False)  # the output matrix is the embedding
    files = write_model(new, args.output) + write_tokenizer(tokenizer, args.output)
    recorded = {
        "source": "pretrain",
        "parameters": model.weights.numel(),
        "loss_by_epoch": losses,
        "seed": args.seed,
        **training.deciding(args, Training),
    }
    step.write(args.output / "manifest.json", "base model", files, recorded)
    args.checkpoint.unlink(missing_ok=True)
