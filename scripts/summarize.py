"""Gather every generation's numbers into tidy tables, with intervals over seeds: what the figures are drawn from."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from collapse.artefacts import checked_manifest, write_json, write_text
from collapse.measures.improbability import improbable_share
from collapse.seeds import derive_seed
from collapse.statistics.intervals import interval
from collapse.statistics.options import Summary
from collapse.statistics.scaling import scaling_exponent
from scripts.shared import job, options
from scripts.shared.timer import Timer

NOT_MEASURES = {"arm", "seed", "generation", "passage", "continuation", "test_tokens"}

# their change since generation 0 of the same seed
RISES = ("test_loss_rare_half", "test_loss_common_half", "test_loss_minority", "test_loss_majority")


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--text", type=Path, required=True, help="results/<experiment>/text")
    parser.add_argument(
        "--arm",
        action="append",
        nargs="+",
        required=True,
        metavar="NAME FOLDER COUNT",
        help="an arm, and whose folder holds how many of its generations, in their order",
    )
    parser.add_argument("--seed", type=int, action="append", required=True)
    parser.add_argument("--generations", type=int, required=True)
    options.add(parser, Summary)
    parser.add_argument(
        "--family", action="append", nargs="+", default=[], metavar="ARM", help="arms that differ in blocks alone"
    )
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    rows: list[tuple] = []
    continuations: list[tuple] = []
    blocks: list[tuple[str, int, float]] = []
    for arm, *folders in args.arm:
        for seed in args.seed:
            for generation, owner in enumerate(unfolded(folders)):
                folder = args.text / owner / f"seed{seed}" / f"generation{generation}"
                place = {"arm": owner, "seed": seed, "generation": generation}
                checked_manifest(folder / "manifest.json", "generation", place)
                metrics = job.read_json(folder / "metrics.json")
                rows += [
                    (arm, seed, generation, name, value)
                    for name, value in sorted(metrics.items())
                    if name not in NOT_MEASURES and value is not None
                ]
                perplexities = block_perplexities(folder / "scores.parquet")
                if generation == 0:
                    first, first_perplexities = metrics, perplexities
                share = improbable_share(np.array(perplexities), np.array(first_perplexities), args.improbable_quantile)
                rows.append((arm, seed, generation, "improbable_blocks", share))
                rows += [
                    (arm, seed, generation, f"{name}_rise", metrics[name] - first[name])
                    for name in RISES
                    if metrics[name] is not None and first[name] is not None
                ]
                if generation == 0 and not continuations:
                    continuations.append(("human", "", "", metrics["passage"]))
                continuations.append((arm, seed, generation, metrics["continuation"]))
                if generation in args.histogram_generations:
                    blocks += [(arm, generation, value) for value in perplexities]

    for family in args.family:
        rows += scaling(rows, family)
    intervals = list(over_seeds(rows, args.confidence, args.resamples))
    write_csv(args.text / "summary.csv", ("arm", "seed", "generation", "metric", "value"), rows)
    write_csv(args.text / "intervals.csv", ("arm", "generation", "metric", "seeds", "mean", "low", "high"), intervals)
    write_csv(args.text / "continuations.csv", ("arm", "seed", "generation", "text"), continuations)
    write_csv(
        args.text / "block_perplexity.csv",
        ("arm", "generation", "low", "high", "share"),
        histogram(blocks, args.histogram_bins_per_decade),
    )
    for metric in ("perplexity", "distinct_4"):
        table = by_arm(intervals, "test_perplexity" if metric == "perplexity" else metric)
        write_csv(args.text / f"{metric}_by_arm.csv", table[0], table[1:])
    write_json(args.text / "metrics.json", headline(intervals, args.generations))
    work.finish()


def scaling(rows: Sequence[tuple], arms: list[str]) -> list[tuple]:
    """Rows of the exponent of risk against data size, of arms that differ in the size of their training set alone."""
    table = {row[:4]: row[4] for row in rows if row[0] in arms}
    found = []
    for seed, generation in dict.fromkeys((row[1], row[2]) for row in rows):
        sizes = [table[arm, seed, generation, "training_blocks"] for arm in arms]
        risks = [math.log(table[arm, seed, generation, "test_perplexity_without_end_of_text"]) for arm in arms]
        found += [(arm, seed, generation, "scaling_exponent", scaling_exponent(sizes, risks)) for arm in arms]
    return found


def unfolded(folders: Sequence[str]) -> list[str]:
    """The arm in whose folder each generation lies: `a 1 b 2` is a, b, b."""
    runs = zip(folders[::2], folders[1::2], strict=True)
    return [arm for arm, count in runs for _ in range(int(count))]


def block_perplexities(path: Path) -> list[float]:
    """Perplexity of each synthetic block under generation 0 of its chain."""
    table = pq.read_table(path, filters=[("text", "==", "synthetic")])
    losses = table.column("loss_under_generation0").to_numpy()
    return np.exp(losses / table.column("tokens").to_numpy()).tolist()


def over_seeds(rows: Iterable[tuple], confidence: float, resamples: int) -> Iterable[tuple]:
    """Mean over seeds with a bootstrap interval, for every arm, generation and measure."""
    by_place: dict[tuple, list[float]] = {}
    for arm, _, generation, metric, value in rows:
        by_place.setdefault((arm, generation, metric), []).append(value)
    for (arm, generation, metric), values in by_place.items():
        seed = derive_seed("bootstrap", arm, generation, metric)
        low, high = interval(np.array(values), confidence, resamples, seed)
        yield arm, generation, metric, len(values), float(np.mean(values)), low, high


def histogram(blocks: list[tuple[str, int, float]], bins_per_decade: int) -> list[tuple]:
    """Shares of blocks in bins of equal width on a log axis, for each arm and generation, seeds pooled."""
    if not blocks:
        return []
    exponents = [math.log10(value) * bins_per_decade for *_, value in blocks]
    edges = np.arange(math.floor(min(exponents)), math.floor(max(exponents)) + 2)
    table = []
    for arm, generation in dict.fromkeys((arm, generation) for arm, generation, _ in blocks):
        chosen = [x for x, block in zip(exponents, blocks, strict=True) if block[:2] == (arm, generation)]
        counts, _ = np.histogram(chosen, edges)
        for low, count in zip(edges[:-1].tolist(), counts.tolist(), strict=True):
            table.append(
                (
                    arm,
                    generation,
                    10 ** (low / bins_per_decade),
                    10 ** ((low + 1) / bins_per_decade),
                    count / len(chosen),
                )
            )
    return table


def by_arm(intervals: Iterable[tuple], measure: str) -> list[tuple]:
    """One measure's means with a column for each arm, header first: the form that DVC plots."""
    means = {(arm, generation): mean for arm, generation, metric, _, mean, _, _ in intervals if metric == measure}
    arms = list(dict.fromkeys(arm for arm, _ in means))
    generations = sorted({generation for _, generation in means})
    rows = [(generation, *(means[arm, generation] for arm in arms)) for generation in generations]
    return [("generation", *arms), *rows]


def headline(intervals: Iterable[tuple], generations: int) -> dict:
    """The few numbers that a comparison of two runs looks at first: arm → measure → first and last generation."""
    shown = {
        "test_perplexity",
        "test_perplexity_without_end_of_text",
        "test_loss_rare_half",
        "test_loss_common_half",
        "distinct_4",
        "vocabulary_coverage",
    }
    numbers: dict = {}
    for arm, generation, metric, _, mean, _, _ in intervals:
        if metric in shown and generation in (0, generations - 1):
            numbers.setdefault(arm, {}).setdefault(metric, {})[f"generation{generation}"] = mean
    return numbers


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Tidy CSV; floats at full precision, missing values empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow("" if isinstance(value, float) and math.isnan(value) else value for value in row)
    write_text(path, text.getvalue())


if __name__ == "__main__":
    job.run(main)
