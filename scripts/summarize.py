"""Gather every generation's numbers into tidy tables, with intervals over seeds, from which figures are drawn."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from collapse.artefacts import checked_manifest, write_json
from collapse.measures.registry import BY_ARM, HEADLINE
from collapse.statistics import summaries
from collapse.statistics.options import Summary
from scripts.shared import job, options
from scripts.shared.summary_table import write_csv
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    job.add(parser, Path, text="results/<experiment>/text")
    job.add(parser, int, generations="number of generations of each arm, 0 included")
    parser.add_argument(
        "--arm",
        action="append",
        nargs="+",
        required=True,
        metavar="NAME FOLDER COUNT",
        help="an arm, then each arm whose folder holds generations of it, with their number",
    )
    parser.add_argument("--seed", type=int, action="append", required=True)
    options.add(parser, Summary)
    parser.add_argument(
        "--family",
        action="append",
        nargs="+",
        default=[],
        metavar="ARM",
        help="arms that differ only in their number of blocks",
    )
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    rows: list[summaries.Row] = []
    continuations: list[tuple[str, int | str, int | str, str]] = []
    blocks: list[tuple[str, int, float]] = []
    for arm, *folders in args.arm:
        for seed in args.seed:
            for generation, source in enumerate(unfolded(folders)):
                folder = args.text / source / f"seed{seed}" / f"generation{generation}"
                place = {"arm": source, "seed": seed, "generation": generation}
                checked_manifest(folder / "manifest.json", "generation", place)
                metrics = job.read_json(folder / "metrics.json")
                perplexities = block_perplexities(folder / "scores.parquet")
                if generation == 0:
                    first = metrics, perplexities
                rows += summaries.measured(arm, seed, generation, metrics)
                rows += summaries.since_generation0(
                    arm, seed, generation, metrics, first[0], perplexities, first[1], args.improbable_quantile
                )
                if not continuations:
                    continuations.append(("human", "", "", metrics["passage"]))
                continuations.append((arm, seed, generation, metrics["continuation"]))
                if generation in args.histogram_generations:
                    blocks += [(arm, generation, value) for value in perplexities.tolist()]

    for family in args.family:
        rows += summaries.scaling(rows, family)
    intervals = summaries.over_seeds(rows, args.confidence, args.resamples)
    write_csv(args.text / "summary.csv", summaries.Row._fields, rows)
    write_csv(args.text / "intervals.csv", summaries.Interval._fields, intervals)
    write_csv(args.text / "continuations.csv", ("arm", "seed", "generation", "text"), continuations)
    histogram = summaries.histogram(blocks, args.histogram_bins_per_decade)
    write_csv(args.text / "block_perplexity.csv", summaries.Bin._fields, histogram)
    for name, measure in BY_ARM.items():
        write_csv(args.text / f"{name}_by_arm.csv", *summaries.by_arm(intervals, measure))
    write_json(args.text / "metrics.json", summaries.headline(intervals, HEADLINE, args.generations))
    work.finish()


def unfolded(folders: Sequence[str]) -> list[str]:
    """List the arm whose folder holds each generation: `a 1 b 2` gives a, b, b."""
    runs = zip(folders[::2], folders[1::2], strict=True)
    return [arm for arm, count in runs for _ in range(int(count))]


def block_perplexities(path: Path) -> np.ndarray:
    """Read the perplexity of each synthetic block under generation 0 of its chain, (blocks,)."""
    table = pq.read_table(path, filters=[("text", "==", "synthetic")])
    losses, tokens = (table.column(name).to_numpy() for name in ("loss_under_generation0", "tokens"))
    perplexities: np.ndarray = np.exp(losses / tokens)
    return perplexities
