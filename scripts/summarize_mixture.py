"""Gather the mixtures' chains into tables: distances and variances by generation, and densities for the pictures."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch

from collapse.artefacts import checked_manifest, write_json, write_text
from collapse.tables import write_columns
from collapse.theory import mixture_chains
from collapse.theory.monte_carlo import Row, summary
from scripts.shared import job
from scripts.shared.timer import Timer


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--mixture", type=Path, required=True, help="results/<experiment>/mixture")
    parser.add_argument("--original", action="append", required=True)
    parser.add_argument("--samples", type=int, action="append", required=True)
    parser.add_argument("--generation", type=int, action="append", required=True)
    for name in ("chains", "seed", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)
    torch.set_num_threads(args.threads)

    rows: list[Row] = []
    pictures: list[Row] = []
    frames: list[Row] = []
    metrics: dict[str, dict[str, dict[str, float]]] = {}
    for original, samples in product(args.original, args.samples):
        folders = [args.mixture / original / f"samples{samples}" / f"generation{one}" for one in args.generation]
        place = {"original": original, "samples": samples}
        for generation, folder in zip(args.generation, folders, strict=True):
            expected = place | {"chains": args.chains, "seed": args.seed, "generation": generation}
            checked_manifest(folder / "manifest.json", "mixture chains", expected)
        measures = pd.concat([pd.read_parquet(folder / "measures.parquet") for folder in folders])
        for generation, chains in measures.groupby("generation"):
            values = mixture_chains.quantities({str(name): chains[name].to_numpy() for name in chains}, original)
            at = place | {"generation": generation}
            rows += [at | {"quantity": name} | summary(of_chains) for name, of_chains in values.items()]
            if generation == args.generation[-1]:
                metrics.setdefault(original, {})[f"samples{samples}"] = {
                    "collapsed": float(values["collapsed"].mean()),
                    "median_l2_distance": float(np.median(values["l2_distance"])),
                }
        if samples != min(args.samples):  # pictures are of the chains that collapse first
            continue
        place |= {"half_width": mixture_chains.HALF_WIDTH}
        for generation, folder in zip(args.generation, folders, strict=True):
            kept = mixture_chains.read_chains(folder / "chains.parquet")
            pictures.append(place | {"generation": generation, "density": mixture_chains.picture(kept)})
        if original == args.original[0]:
            path = pd.concat([pd.read_parquet(folder / "first_chain.parquet") for folder in folders])
            for generation in mixture_chains.frame_generations(args.generation[-1]):
                one = path.loc[path["generation"] == generation]
                chain = mixture_chains.from_columns({str(name): one[name].to_numpy() for name in one})
                frames.append(place | {"generation": generation, "density": mixture_chains.picture(chain)})

    write_text(args.mixture / "summary.csv", pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))
    for name, table in (("densities", pictures), ("frames", frames)):
        columns = {key: [row[key] for row in table] for key in table[0]}
        pixels = pa.array(columns.pop("density"), pa.list_(pa.uint8()))
        write_columns(args.mixture / f"{name}.parquet", columns | {"density": pixels})
    write_json(args.mixture / "metrics.json", metrics)
    work.finish()
