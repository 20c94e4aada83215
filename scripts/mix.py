"""Make the training set of one generation from human and synthetic blocks, by the arm's policy."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from collapse.artefacts import checked_manifest, read_blocks, write_blocks, write_manifest
from collapse.mixing import POLICIES, Seeds, human_only
from collapse.models.families import read_config
from collapse.seeds import derive_seed
from scripts.shared import job
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add_place(parser)
    parser.add_argument("--policy", choices=["human", *POLICIES], required=True)
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="of the policy")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of prepare_corpus")
    parser.add_argument(
        "--synthetic", type=Path, action="append", default=[], help="synthetic.parquet of each earlier generation read"
    )
    parser.add_argument("--synthetic-arm", action="append", default=[], help="of each, the arm in whose folder it lies")
    parser.add_argument(
        "--synthetic-seed", type=int, action="append", default=[], help="of each, if it is a writer of a pool"
    )
    parser.add_argument("--base", type=Path, help="folder of the base model: a policy that detects watermarks needs it")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    types = POLICIES[args.policy].options if args.policy in POLICIES else {}
    options = {name: types[name](value) for name, value in job.pairs(args.option).items()}
    checked_manifest(args.corpus / "train.manifest.json", "human text", {"split": "train"})
    parents = [args.corpus / "train.manifest.json"]
    human, _ = read_blocks(args.corpus / "train.parquet")
    detection = None
    if args.policy == "human":
        training = human_only(human)
    else:
        pools = POLICIES[args.policy].pools
        count = len(args.synthetic)
        first = args.generation - (1 if pools else count)
        arms, of = args.synthetic_arm or [args.arm] * count, args.synthetic_seed or [args.seed] * count
        texts = []
        for index, (path, arm, seed) in enumerate(zip(args.synthetic, arms, of, strict=True)):
            manifest = path.with_suffix(".manifest.json")
            expected = {"arm": arm, "seed": seed, "generation": first if pools else first + index}
            checked_manifest(manifest, "synthetic text", expected)
            parents.append(manifest)
            blocks, table = read_blocks(path)
            texts.append(blocks)
        unread = [human[:0]] * (args.generation if pools else first)  # a policy counts generations from the first
        synthetic = unread if pools else unread + texts
        seeds = Seeds(derive_seed(args.seed, args.generation, "mix"), derive_seed(args.seed, "mix"))
        given = options | ({"texts": texts} if pools else {})
        if POLICIES[args.policy].detects:
            parents.append(args.base / "manifest.json")
            given["z_scores"] = detected(args.base, [human, *synthetic])
            marked = table.column("marked").to_numpy(zero_copy_only=False)
            detection = rates(given["z_scores"], marked, options["z_threshold"])
        training = POLICIES[args.policy].mix(human, synthetic, seeds, **given)

    rows = len(training.blocks)
    writer = training.source_writer
    write_blocks(
        args.output,
        training.blocks,
        {
            "origin": training.origin,
            "source_generation": training.source_generation,
            "source_block": training.source_block,
            "source_arm": np.full(rows, args.arm) if writer is None else np.array(arms)[writer],
            "source_seed": np.full(rows, args.seed, np.int64) if writer is None else np.array(of)[writer],
        },
    )
    write_manifest(
        args.manifest,
        kind="training set",
        files=[args.output],
        parents=parents,
        code=args.code,
        options={
            **job.place(args),
            "policy": args.policy,
            "policy_options": options,
            "human_fraction": float((training.origin == "human").mean()),
            "rows": rows,
            "detection": detection,
        },
    )
    work.finish()


def detected(base: Path, sets: Sequence[np.ndarray]) -> list[np.ndarray]:
    """A watermark detector's scores of each set of blocks."""
    from collapse.decoding.watermark import z_scores  # imports transformers, which no other policy needs

    checked_manifest(base / "manifest.json", "base model")
    vocabulary_size = read_config(base)["vocab_size"]
    return [z_scores(one, vocabulary_size) for one in sets]


def rates(z_scores: Sequence[np.ndarray], marked: np.ndarray, threshold: float) -> dict[str, float | None]:
    """How much the detector flags: of the newest text's marked and other blocks, and of human text."""
    flagged = z_scores[-1] > threshold
    parts = {"marked": flagged[marked], "unmarked": flagged[~marked], "human": z_scores[0] > threshold}
    return {name: float(part.mean()) if len(part) else None for name, part in parts.items()}


if __name__ == "__main__":
    job.run(main)
