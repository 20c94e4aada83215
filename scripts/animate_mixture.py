"""Animate the collapse of one chain of mixtures, and write a page for the report that holds the animation."""

import base64
import io
from pathlib import Path

import matplotlib.pyplot as plt
import pyarrow.parquet as pq
from PIL import Image

from collapse.artefacts import whole_file, write_text
from scripts.plot_mixture_densities import draw
from scripts.shared.page import page
from scripts.shared.report_file import report_file

MILLISECONDS = 250  # how long a frame stays


@report_file(__doc__, write_text)
def main(frames: Path, output: Path) -> tuple[str, str]:
    rows = pq.ParquetFile(frames).read().to_pylist()
    images = []
    for row in rows:
        figure, axis = plt.subplots(figsize=(3.2, 3.4))
        draw(axis, row["density"])
        axis.set_title(f"generation {row['generation']:,}")
        with io.BytesIO() as picture:
            figure.savefig(picture, format="png", dpi=100)
            images.append(Image.open(picture).convert("P", palette=Image.Palette.ADAPTIVE, colors=64))
        plt.close(figure)
    moving = output.with_suffix(".gif")
    durations = [MILLISECONDS] * (len(images) - 1) + [8 * MILLISECONDS]
    with whole_file(moving) as temporary:
        images[0].save(temporary, format="GIF", save_all=True, append_images=images[1:], duration=durations, loop=0)
    title = f"One chain from generation 0 to {rows[-1]['generation']:,}"
    data = base64.b64encode(moving.read_bytes()).decode()
    return page(title, f'<img alt="{title}" src="data:image/gif;base64,{data}">'), (
        f"**The density of one chain from generation 0 to {rows[-1]['generation']:,}** ({rows[0]['original']}, "
        f"M = {rows[0]['samples']:,}), every frame scaled to its own highest value; steps between frames grow.\n"
    )
