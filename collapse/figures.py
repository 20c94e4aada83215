"""The look that all figures share, and how they are kept: SVG and PNG of equal bytes for equal data."""

from pathlib import Path

import matplotlib
import seaborn as sns
from matplotlib.figure import Figure

from collapse.artefacts import whole_file

matplotlib.use("Agg")


def set_style() -> None:
    """Seaborn's paper style; text in SVG stays text."""
    sns.set_theme(context="paper", style="ticks", palette="colorblind", font_scale=1.1)
    matplotlib.rcParams.update({"svg.hashsalt": "model-collapse", "svg.fonttype": "none", "figure.dpi": 100})


def write_figure(figure: Figure, path: Path) -> None:
    """Write `path`, an SVG, and a PNG beside it, without a date."""
    for suffix, metadata in ((".svg", {"Date": None}), (".png", {"Software": None})):
        with whole_file(path.with_suffix(suffix)) as temporary:
            figure.savefig(temporary, format=suffix[1:], dpi=200, bbox_inches="tight", metadata=metadata)
