"""Animate the collapse of one chain of mixtures, and write a page for the report that holds the animation."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pyarrow.parquet as pq
from PIL import Image

from collapse.artefacts import whole_file, write_text
from collapse.figures import set_style
from scripts.plot_mixture_densities import draw
from scripts.shared import job
from scripts.shared.page import page

MILLISECONDS = 250  # how long a frame stays


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--frames", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="the page; GIF and caption go beside it")
    args = parser.parse_args(argv)

    rows = pq.ParquetFile(args.frames).read().to_pylist()
    set_style()
    images = []
    for row in rows:
        figure, axis = plt.subplots(figsize=(3.2, 3.4))
        draw(axis, row["density"])
        axis.set_title(f"generation {row['generation']:,}")
        with io.BytesIO() as picture:
            figure.savefig(picture, format="png", dpi=100)
            images.append(Image.open(picture).convert("P", palette=Image.Palette.ADAPTIVE, colors=64))
        plt.close(figure)
    moving = args.output.with_suffix(".gif")
    with whole_file(moving) as temporary:
        images[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=images[1:],
            duration=[MILLISECONDS] * (len(images) - 1) + [8 * MILLISECONDS],
            loop=0,
        )
    title = f"One chain from generation 0 to {rows[-1]['generation']:,}"
    data = base64.b64encode(moving.read_bytes()).decode()
    write_text(args.output, page(title, f'<img alt="{title}" src="data:image/gif;base64,{data}">'))
    write_text(
        args.output.with_suffix(".rst"),
        f"**The density of one chain from generation 0 to {rows[-1]['generation']:,}** ({rows[0]['original']}, "
        f"M = {rows[0]['samples']:,}), every frame scaled to its own highest value; steps between frames grow.\n",
    )


if __name__ == "__main__":
    job.run(main)
