"""Make the training set of one generation from human and synthetic blocks, by the arm's policy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from collapse import mixing
from collapse.artefacts import checked_manifest, write_manifest
from collapse.mixing import Seeds, human_only
from collapse.models.families import read_config
from collapse.policies import POLICIES, NoOptions
from collapse.seeds import derive_seed
from collapse.tables import read_blocks, write_blocks
from scripts.shared import job, options
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add_place(parser)
    parser.add_argument("--policy", choices=["human", *POLICIES], required=True)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of prepare_corpus")
    parser.add_argument(
        "--synthetic",
        nargs=4,
        action="append",
        default=[],
        metavar=("ARM", "SEED", "GENERATION", "FILE"),
        help="a synthetic.parquet that the policy reads, and the link that it belongs to; the earliest first",
    )
    parser.add_argument("--base", type=Path, help="folder of the base model: a policy that detects watermarks needs it")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    policy = POLICIES.get(parser.parse_known_args(argv)[0].policy)
    declared = policy.options if policy and not policy.pools else NoOptions
    options.add(parser, declared)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)
    given = options.values(args, declared)

    checked_manifest(args.corpus / "train.manifest.json", "human text", {"split": "train"})
    parents = [args.corpus / "train.manifest.json"]
    human, _ = read_blocks(args.corpus / "train.parquet")
    detection = None
    links = [(arm, int(seed), int(generation), Path(path)) for arm, seed, generation, path in args.synthetic]
    if policy is None:
        training = human_only(human)
    else:
        texts = []
        for arm, seed, generation, path in links:
            manifest = path.with_suffix(".manifest.json")
            checked_manifest(manifest, "synthetic text", {"arm": arm, "seed": seed, "generation": generation})
            parents.append(manifest)
            blocks, table = read_blocks(path)
            texts.append(blocks)
        # a policy counts generations from the first, also those whose text it does not read
        unread = [human[:0]] * (args.generation - (0 if policy.pools else len(texts)))
        synthetic = unread if policy.pools else unread + texts
        seeds = Seeds(derive_seed(args.seed, args.generation, "mix"), derive_seed(args.seed, "mix"))
        read: dict[str, Any] = {"texts": texts} if policy.pools else {}
        if policy.detects:
            parents.append(args.base / "manifest.json")
            read["z_scores"] = detected(args.base, [human, *synthetic])
            marked = table.column("marked").to_numpy(zero_copy_only=False)
            detection = rates(read["z_scores"], marked, given["z_threshold"])
        training = getattr(mixing, args.policy)(human, synthetic, seeds, **given, **read)

    rows = len(training.blocks)
    writer = training.source_writer
    write_blocks(
        args.output,
        training.blocks,
        {
            "origin": training.origin,
            "source_generation": training.source_generation,
            "source_block": training.source_block,
            "source_arm": np.full(rows, args.arm) if writer is None else np.array([arm for arm, *_ in links])[writer],
            "source_seed": np.full(rows, args.seed, np.int64)
            if writer is None
            else np.array([seed for _, seed, *_ in links])[writer],
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
            "policy_options": given,
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
