"""Read the real images and keep them as bytes, training and test."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from collapse.artefacts import sha256
from collapse.images import sources as image_sources
from collapse.images.options import Images
from scripts.shared import job, options
from scripts.shared.step import Step


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    options.add(parser, Images)
    job.add(parser, Path, "output")
    args = parser.parse_args(argv)
    step = Step(args)

    if args.source == "digits":
        images = image_sources.digits()
    elif args.source == "files":
        images = image_sources.idx_images(Path(args.folder), job.pairs(args.files))
    else:
        images = image_sources.hub_images(args.repository, args.configuration, args.revision)
    classes = len(np.unique(images["train"].labels))
    for split, count in (("train", args.train_images), ("test", None)):
        kept = image_sources.first(images[split], count)
        path = args.output / f"{split}.parquet"
        image_sources.write_images(path, kept)
        files = {name: file for name, file in job.pairs(args.files).items() if name.startswith(split)}
        recorded = {
            "split": split,
            "images": len(kept.labels),
            "side": kept.side,
            "classes": classes,
            "files": {name: sha256(Path(args.folder) / file) for name, file in files.items()},
            "scikit_learn": version("scikit-learn") if args.source == "digits" else None,
            **{name: getattr(args, name) for name in ("source", "repository", "configuration", "revision")},
        }
        manifest = path.with_suffix(".manifest.json")
        step.write(manifest, "real images", [path], recorded, libraries=("numpy", "pyarrow"))
