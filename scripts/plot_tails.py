"""Rise of the test loss over generations, by training-frequency group of the target token: the tails go first."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from collapse.figures import legend_beside, panels, write_figure
from scripts.shared.job import arm_name
from scripts.shared.report_file import report_file
from scripts.shared.rows import select

PREFIX = "test_loss_group"
HALVES = {"test_loss_rare_half": "rarer", "test_loss_common_half": "commoner"}


@report_file(__doc__, write_figure)
def main(intervals: pd.DataFrame) -> tuple[Figure, str]:
    losses = intervals[intervals["metric"].str.startswith(PREFIX)].copy()
    losses["group"] = losses["metric"].str.removeprefix(PREFIX).astype(int)
    arms, groups = losses["arm"].unique(), sorted(losses["group"].unique())
    figure, axes = panels([arm_name(arm) for arm in arms])
    palette = sns.color_palette("rocket", len(groups))
    for axis, arm in zip(axes, arms, strict=True):
        for colour, group in zip(palette, groups, strict=True):
            line = select(losses, arm=arm, group=group)
            name = f"{group}{' (rarest)' if group == groups[0] else ' (commonest)' if group == groups[-1] else ''}"
            axis.plot(line["generation"], line["mean"], color=colour, marker=".", label=name)
        axis.set(xlabel="generation")
        axis.set_xticks(sorted(losses["generation"].unique()))
    axes[0].set_ylabel("test loss (nats per token)")
    legend_beside(axes, "frequency group")
    return figure, caption(intervals, len(groups))


def caption(intervals: pd.DataFrame, groups: int) -> str:
    last = int(intervals["generation"].max())
    sentences = []
    for arm in intervals["arm"].unique():
        rises = []
        for half, name in HALVES.items():
            row = select(intervals, arm=arm, metric=f"{half}_rise", generation=last).iloc[0]
            span = f" ({row['low']:+.2f} to {row['high']:+.2f})" if row["seeds"] > 1 else ""
            rises.append(f"{row['mean']:+.2f} nats{span} for the {name} half")
        sentences.append(f"{arm_name(arm)}: {rises[0]}, {rises[1]}")
    return (
        f"**Loss by training frequency of the target token.** Change from generation 0 to {last}, with its interval "
        f"over seeds: {'; '.join(sentences)}. Token types are ordered by their count in the human training blocks and "
        f"cut into {groups} groups of equal running text (the halves likewise); group 1 is the tail. Lines are means "
        "over seeds.\n"
    )
