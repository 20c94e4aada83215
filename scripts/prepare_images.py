"""Read the real images and keep them as bytes, training and test."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from collapse.artefacts import sha256, write_manifest
from collapse.images import sources as image_sources
from scripts.shared import job
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--source", choices=["digits", "files", "hub"], required=True)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--file", action="append", default=[], metavar="KIND=NAME")
    parser.add_argument("--repository")
    parser.add_argument("--configuration")
    parser.add_argument("--revision")
    parser.add_argument("--train-images", type=int, help="keep the first so many; all without it")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    if args.source == "digits":
        found = image_sources.digits()
    elif args.source == "files":
        found = image_sources.idx_images(args.folder, job.pairs(args.file))
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
                    name: sha256(args.folder / file)
                    for name, file in job.pairs(args.file).items()
                    if name.startswith(split)
                },
                "repository": args.repository,
                "configuration": args.configuration,
                "revision": args.revision,
                "scikit_learn": version("scikit-learn") if args.source == "digits" else None,
            },
        )
    work.finish()


if __name__ == "__main__":
    job.run(main)
