"""Write finished results as a gallery in Markdown: for each question its answer, table and pictures.

    python -m scripts write_gallery results/laboratory --output docs/gallery

Every number comes from the tables of the results. Intervals are Student's, over seeds, and paired by seed where two
arms are compared. They are not corrected for multiple comparisons.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from collapse.artefacts import write_text
from collapse.statistics.intervals import student_interval
from collapse.statistics.trajectories import change, trajectory
from scripts.shared.job import arm_name
from scripts.shared.summary_table import Summary, read_summary

PERPLEXITY = "test_perplexity_without_end_of_text"
RISE = f"log({PERPLEXITY})"
PICTURES = {"perplexity": "test perplexity by generation", "profile": "verdicts by eight definitions"}
SOME_ARMS_ONLY = {  # measures that only some arms have: means over the generations that have a value
    "verifier_accuracy": "held-out accuracy of the judge",
    "watermark_flagged_marked": "marked blocks flagged",
    "watermark_flagged_unmarked": "unmarked blocks flagged",
    "watermark_flagged_human": "human blocks flagged",
    "training_steps": "steps a generation",
}
HEADER = (
    "arm",
    "perplexity, generation 0 → {last}",
    "rise of log perplexity (nats)",
    "rise of rare-token loss minus common-token loss (nats)",
    "change of unigram entropy (nats)",
    "distinct-4",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Write `README.md` and all pictures into a folder; exit with status 2 if the results are not finished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="a finished results folder whose configuration has text.questions")
    parser.add_argument("--output", type=Path, required=True, help="folder of the gallery")
    parser.add_argument("--leave-out", nargs="+", default=[], metavar="QUESTION", help="questions to leave out")
    args = parser.parse_args(argv)
    try:
        text = yaml.safe_load((args.results / "config.yaml").read_text())["text"]
        questions = {name: about for name, about in text["questions"].items() if name not in args.leave_out}
        if not questions:
            parser.exit(
                2,
                f"error: {args.results / 'config.yaml'}: no text.questions; run with a preset that has questions\n",
            )
        level = text["summary"]["confidence"]
        summaries = {name: read_summary(args.results / f"text/questions/{name}/summary.csv") for name in questions}
        pages = [page(name, about, summaries[name], level) for name, about in questions.items()]
        copy_pictures(args.results / "figures/questions", [*questions], args.output)
    except FileNotFoundError as error:
        parser.exit(2, f"error: {error.filename}: missing; finish the run first\n")
    write_text(args.output / "README.md", "\n".join([introduction(next(iter(summaries.values())), level), *pages]))
    print(f"Wrote {args.output / 'README.md'}", file=sys.stderr)


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and its Student interval."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: np.ndarray, level: float) -> "Estimate":
        return cls(float(values.mean()), *student_interval(values, level))

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside the interval."""
        return bool(self.low > 0 or self.high < 0)

    def __str__(self) -> str:
        if np.isnan(self.mean):
            return "–"
        interval = "" if np.isnan(self.low) else f" ({self.low:+.2f} to {self.high:+.2f})"
        return f"{self.mean:+.2f}{interval}".replace("-", "−")


def introduction(summary: Summary, level: float) -> str:
    return (
        "# Gallery\n\nWritten by `python -m scripts write_gallery` from the tables of one run: "
        f"{summary.generations} generations, {len(summary.seeds)} seeds an arm. Perplexity is on human test text, "
        f"without end-of-text targets. Brackets hold Student's {level:.0%} interval over seeds, paired by seed where "
        "two arms are compared, and not corrected for multiple comparisons. [log.md](../log.md) interprets the "
        "results.\n"
    )


def page(name: str, about: dict[str, Any], summary: Summary, level: float) -> str:
    """Return the section of one question: its title, answer, table and pictures."""
    rises = {arm: change(_trajectory(summary, arm, RISE)) for arm in summary.arms}
    reference = about["reference"]
    differences = {
        arm: Estimate.of(rise - rises[reference], level) for arm, rise in rises.items() if reference not in (None, arm)
    }
    own = {arm: Estimate.of(rise, level) for arm, rise in rises.items()}
    pictures = "\n".join(f"![{about['asks']} {text}]({name}-{picture}.png)\n" for picture, text in PICTURES.items())
    answer = finding(own, differences, reference)
    return f"## {about['asks']}\n\n{answer}\n\n{table(summary, own, differences, reference, level)}\n\n{pictures}"


def finding(own: dict[str, Estimate], differences: dict[str, Estimate], reference: str | None) -> str:
    """Put into sentences which arms differ from the reference. `own` are rises, `differences` those from it."""

    def listed(arms: dict[str, Estimate]) -> str:
        return ", ".join(f"{arm_name(arm)} {estimate}" for arm, estimate in arms.items())

    if reference is None:
        return f"Rise of the loss on human text since generation 0, nats: {listed(own)}."
    detected = {arm: estimate for arm, estimate in differences.items() if estimate.excludes_zero}
    less = {arm: estimate for arm, estimate in detected.items() if estimate.mean < 0}
    more = {arm: estimate for arm, estimate in detected.items() if estimate.mean > 0}
    rest = {arm: estimate for arm, estimate in differences.items() if arm not in detected}
    sentences = [
        f"With {arm_name(reference)} the loss on human text rises by {own[reference]} nats since generation 0."
    ]
    sentences += [f"It rises less with {listed(less)}."] if less else []
    sentences += [f"It rises more with {listed(more)}."] if more else []
    sentences += [f"No detectable difference with {listed(rest)}."] if rest else []
    return " ".join(sentences)


def table(
    summary: Summary, own: dict[str, Estimate], differences: dict[str, Estimate], reference: str | None, level: float
) -> str:
    """Return the table of a question, one row for each arm."""
    also = [measure for measure in SOME_ARMS_ONLY if any((arm, measure) in summary.values for arm in summary.arms)]
    steps = {arm: _mean(summary, arm, "training_steps") for arm in summary.arms}
    if len(set(steps.values())) == 1:
        also = [measure for measure in also if measure != "training_steps"]  # all arms have as many
    header = [title.format(last=summary.generations - 1) for title in HEADER]
    header += [f"difference of rise from {arm_name(reference)} (nats)"] if reference else []
    header += [SOME_ARMS_ONLY[measure] for measure in also]
    rows = []
    for arm in summary.arms:
        perplexity, distinct = (_trajectory(summary, arm, name).mean(axis=0) for name in (PERPLEXITY, "distinct_4"))
        rare, common = (change(_trajectory(summary, arm, f"test_loss_{half}_half")) for half in ("rare", "common"))
        row = [
            arm_name(arm),
            f"{perplexity[0]:.1f} → {perplexity[-1]:.1f}",
            str(own[arm]),
            str(Estimate.of(rare - common, level)),
            str(Estimate.of(change(_trajectory(summary, arm, "unigram_entropy")), level)),
            f"{distinct[0]:.2f} → {distinct[-1]:.2f}",
        ]
        row += [str(differences.get(arm, "–"))] if reference else []
        row += [_digits(_mean(summary, arm, measure)) for measure in also]
        rows.append(row)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def copy_pictures(figures: Path, questions: Sequence[str], output: Path) -> None:
    """Copy each picture to `<question>-<picture>.png` beside the text."""
    output.mkdir(parents=True, exist_ok=True)
    for name in questions:
        for picture in PICTURES:
            shutil.copyfile(figures / name / f"{picture}.png", output / f"{name}-{picture}.png")


def _trajectory(summary: Summary, arm: str, measure: str) -> np.ndarray:
    return trajectory(summary.values, arm, measure, summary.seeds, summary.generations)


def _mean(summary: Summary, arm: str, measure: str) -> float:
    values = [*summary.values.get((arm, measure), {}).values()]
    return float(np.mean(values)) if values else float("nan")


def _digits(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:,.0f}" if value > 10 else f"{value:.2f}"
