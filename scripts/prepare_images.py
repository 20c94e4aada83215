"""Read the real images and keep them as bytes, training and test."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from collapse.artefacts import sha256, write_manifest
from collapse.images import sources as image_sources
from collapse.images.options import Images
from scripts.shared import job, options
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    options.add(parser, Images)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    if args.source == "digits":
        found = image_sources.digits()
    elif args.source == "files":
        found = image_sources.idx_images(Path(args.folder), job.pairs(args.files))
    else:
        found = image_sources.hub_images(args.repository, args.configuration, args.revision)
    classes = len(np.unique(found["train"].labels))
    for split, count in (("train", args.train_images), ("test", None)):
        kept = image_sources.first(found[split], count)
        path = args.output / f"{split}.parquet"
        image_sources.write_images(path, kept)
        write_manifest(
            path.with_suffix(".manifest.json"),
            kind="real images",
            files=[path],
            parents=[],
            code=args.code,
            libraries=("numpy", "pyarrow"),
            options={
                "split": split,
                "source": args.source,
                "images": len(kept.labels),
                "side": kept.side,
                "classes": classes,
                "files": {
                    name: sha256(Path(args.folder) / file)
                    for name, file in job.pairs(args.files).items()
                    if name.startswith(split)
                },
                "repository": args.repository,
                "configuration": args.configuration,
                "revision": args.revision,
                "scikit_learn": version("scikit-learn") if args.source == "digits" else None,
            },
        )
    work.finish()
