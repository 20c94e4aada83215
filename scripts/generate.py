"""Continue every human training block with a fine-tuned model: the synthetic set of one generation."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from collapse.artefacts import checked_manifest, read_blocks, write_blocks, write_manifest
from collapse.decoding import decode
from collapse.opt import load_opt
from scripts import job


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add_place(parser)
    job.add_decoder(parser)
    parser.add_argument("--model", type=Path, required=True, help="folder of finetune")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of prepare_corpus: the prompts")
    parser.add_argument("--new-tokens", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    args = parser.parse_args(argv)
    work = job.Job(args.benchmark)
    torch.set_num_threads(args.threads)

    place = {"arm": args.arm, "seed": args.seed, "generation": args.generation}
    checked_manifest(args.model / "manifest.json", "model", place)
    checked_manifest(args.corpus / "train.manifest.json", "human text", {"split": "train"})
    prompts, table = read_blocks(args.corpus / "train.parquet")
    model = load_opt(args.model)
    options = job.decoder_options(args)
    with work:
        tokens, scores = decode(
            args.decoder,
            model,
            torch.from_numpy(prompts).long(),
            new_tokens=args.new_tokens,
            progress=lambda done, total: work.progress(done, total, "blocks"),
            **options,
        )
    rows = len(tokens)
    write_blocks(
        args.output,
        tokens.numpy(),
        {
            "source_block": table.column("block"),
            "log_probability": scores.numpy(),
            "arm": np.full(rows, args.arm),
            "seed": np.full(rows, args.seed, np.int64),
            "generation": np.full(rows, args.generation, np.int32),
        },
    )
    write_manifest(
        args.manifest,
        kind="synthetic text",
        files=[args.output],
        parents=[args.model / "manifest.json", args.corpus / "train.manifest.json"],
        code=args.code,
        options={
            **place,
            "decoder": args.decoder,
            "decoder_options": options,
            "new_tokens": args.new_tokens,
            "threads": args.threads,
        },
    )
    work.finish()


if __name__ == "__main__":
    job.run(main)
