"""Gather the mixtures' chains into tables: distances and variances by generation, and densities for the pictures."""

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
from scripts.shared.command import command


@command(__doc__)
def main(
    mixture: Path, original: list[str], samples: list[int], generation: list[int], chains: int, seed: int, threads: int
) -> None:
    """Write the tables of results/<experiment>/mixture."""
    torch.set_num_threads(threads)
    rows: list[Row] = []
    pictures: list[Row] = []
    frames: list[Row] = []
    metrics: dict[str, dict[str, dict[str, float]]] = {}
    for name, size in product(original, samples):
        folders = {number: mixture / name / f"samples{size}" / f"generation{number}" for number in generation}
        place = {"original": name, "samples": size}
        for number, folder in folders.items():
            expected = place | {"chains": chains, "seed": seed, "generation": number}
            checked_manifest(folder / "manifest.json", "mixture chains", expected)
        measures = pd.concat([pd.read_parquet(folder / "measures.parquet") for folder in folders.values()])
        for measured, table in measures.groupby("generation"):
            values = mixture_chains.quantities({str(column): table[column].to_numpy() for column in table}, name)
            at = place | {"generation": measured}
            rows += [at | {"quantity": quantity} | summary(of_chains) for quantity, of_chains in values.items()]
            if measured == generation[-1]:
                metrics.setdefault(name, {})[f"samples{size}"] = {
                    "collapsed": float(values["collapsed"].mean()),
                    "median_l2_distance": float(np.median(values["l2_distance"])),
                }
        if size != min(samples):  # pictures are of the chains that collapse first
            continue
        place |= {"half_width": mixture_chains.HALF_WIDTH}
        for number, folder in folders.items():
            kept = mixture_chains.read_chains(folder / "chains.parquet")
            pictures.append(place | {"generation": number, "density": mixture_chains.picture(kept)})
        if name == original[0]:
            path = pd.concat([pd.read_parquet(folder / "first_chain.parquet") for folder in folders.values()])
            for number in mixture_chains.frame_generations(generation[-1]):
                table = path.loc[path["generation"] == number]
                chain = mixture_chains.from_columns({str(column): table[column].to_numpy() for column in table})
                frames.append(place | {"generation": number, "density": mixture_chains.picture(chain)})

    write_text(mixture / "summary.csv", pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))
    for file, images in (("densities", pictures), ("frames", frames)):
        columns = {key: [row[key] for row in images] for key in images[0]}
        pixels = pa.array(columns.pop("density"), pa.list_(pa.uint8()))
        write_columns(mixture / f"{file}.parquet", columns | {"density": pixels})
    write_json(mixture / "metrics.json", metrics)
