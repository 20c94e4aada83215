"""Make the training set of one generation from human and synthetic blocks, by the arm's policy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from collapse import mixing
from collapse.mixing import Seeds, human_only
from collapse.models.families import read_config
from collapse.policies import POLICIES, NoOptions
from collapse.seeds import derive_seed
from collapse.tables import read_blocks, write_blocks
from scripts.shared import job, options
from scripts.shared.step import Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add_place(parser)
    parser.add_argument("--policy", choices=["human", *POLICIES], required=True)
    job.add(parser, Path, "output", "manifest", corpus="folder of prepare_corpus")
    parser.add_argument(
        "--synthetic",
        nargs=4,
        action="append",
        default=[],
        metavar=("ARM", "SEED", "GENERATION", "FILE"),
        help="a synthetic.parquet that the policy reads, after the place of its link; the earliest first",
    )
    parser.add_argument("--base", type=Path, help="folder of the base model: a policy that detects watermarks needs it")
    policy = POLICIES.get(parser.parse_known_args(argv)[0].policy)
    declared = policy.options if policy and not policy.pools else NoOptions
    options.add(parser, declared)
    args = parser.parse_args(argv)
    step = Step(args)
    given = options.values(args, declared)

    step.check(args.corpus / "train.manifest.json", "human text", {"split": "train"})
    human, _ = read_blocks(args.corpus / "train.parquet")
    detection = None
    links = [(arm, int(seed), int(generation), Path(path)) for arm, seed, generation, path in args.synthetic]
    if policy is None:
        training = human_only(human)
    else:
        last, count = args.generation, len(links)
        expected = [last - 1] * count if policy.pools else [*range(last - count, last)]
        if (read_from := [generation for _, _, generation, _ in links]) != expected:
            raise ValueError(f"--synthetic: texts of generations {read_from}; generation {last} reads {expected}")
        texts = []
        for arm, seed, generation, path in links:
            place = {"arm": arm, "seed": seed, "generation": generation}
            step.check(path.with_suffix(".manifest.json"), "synthetic text", place)
            blocks, table = read_blocks(path)
            texts.append(blocks)
        # a policy counts generations from the first, also those whose text it does not read
        unread = [human[:0]] * (args.generation - (0 if policy.pools else len(texts)))
        synthetic = unread if policy.pools else unread + texts
        seeds = Seeds(derive_seed(args.seed, args.generation, "mix"), derive_seed(args.seed, "mix"))
        read: dict[str, Any] = {"texts": texts} if policy.pools else {}
        if policy.detects:
            step.check(args.base / "manifest.json", "base model")
            read["z_scores"] = detected(args.base, [human, *synthetic])
            marked = table.column("marked").to_numpy(zero_copy_only=False)
            detection = rates(read["z_scores"], marked, given["z_threshold"])
        training = getattr(mixing, args.policy)(human, synthetic, seeds, **given, **read)

    rows = len(training.blocks)
    writer, writers = training.source_writer, [(arm, seed) for arm, seed, *_ in links]
    if writer is None:
        writer, writers = np.zeros(rows, np.int64), [(args.arm, args.seed)]
    write_blocks(
        args.output,
        training.blocks,
        {
            "origin": training.origin,
            "source_generation": training.source_generation,
            "source_block": training.source_block,
            "source_arm": np.array([arm for arm, _ in writers])[writer],
            "source_seed": np.array([seed for _, seed in writers])[writer],
        },
    )
    recorded = {
        **job.place(args),
        "policy": args.policy,
        "policy_options": given,
        "human_fraction": float((training.origin == "human").mean()),
        "rows": rows,
        "detection": detection,
    }
    step.write(args.manifest, "training set", [args.output], recorded)


def detected(base: Path, sets: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return a watermark detector's scores of each set of blocks."""
    from collapse.decoding.watermark import z_scores  # imports transformers, which no other policy needs

    vocabulary_size = read_config(base)["vocab_size"]
    return [z_scores(blocks, vocabulary_size) for blocks in sets]


def rates(z_scores: Sequence[np.ndarray], marked: np.ndarray, threshold: float) -> dict[str, float | None]:
    """Return the shares that a detector flags: of marked and unmarked blocks of the newest text, of human blocks."""
    flagged = z_scores[-1] > threshold
    parts = {"marked": flagged[marked], "unmarked": flagged[~marked], "human": z_scores[0] > threshold}
    return {name: float(part.mean()) if len(part) else None for name, part in parts.items()}
