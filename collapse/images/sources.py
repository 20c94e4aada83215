"""Real images with labels: the digits of scikit-learn, local idx files, or a dataset on a hub; grey, square, as bytes.

A source gives the same thing each time: for `train` and for `test`, pixels and labels 0 … classes − 1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from collapse.artefacts import ArtefactError
from collapse.images import idx
from collapse.images.idx import SPLITS, ImageError, Outline
from collapse.seeds import derive_seed
from collapse.tables import write_columns


@dataclass(frozen=True)
class Images:
    """Pixels from black 0 to white 255, and what each image shows."""

    pixels: np.ndarray  # (images, 1, side, side) uint8
    labels: np.ndarray  # (images,) int64

    @property
    def side(self) -> int:
        return int(self.pixels.shape[-1])

    @property
    def outline(self) -> Outline:
        count, _, height, width = self.pixels.shape
        return Outline(count, height, width, self.labels.tolist())


def digits() -> dict[str, Images]:
    """The 1,797 handwritten digits of 8 × 8 pixels that come with scikit-learn; a random but fixed fifth is test.

    They are the test set of Alpaydin & Kaynak (1998), doi 10.24432/C50P49: counts 0 … 16 of set pixels.
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = np.rint(data.images * (255 / 16)).astype(np.uint8)[:, None]
    order = np.random.default_rng(derive_seed("digits", "split")).permutation(len(pixels))
    parts = np.split(order, [len(order) - len(order) // 5])
    return {split: Images(pixels[rows], data.target[rows]) for split, rows in zip(SPLITS, parts, strict=True)}


def idx_images(folder: Path, files: Mapping[str, str]) -> dict[str, Images]:
    """Images and labels of four idx files, the format of MNIST, gzipped or not.

    `files` names `train_images`, `train_labels`, `test_images` and `test_labels`. ImageError if one cannot be read or
    they do not belong together.
    """
    read = {}
    for split, (pixels, labels) in idx.read_splits(folder, files).items():
        arrays = [np.frombuffer(each.values, np.uint8).reshape(each.sizes) for each in (pixels, labels)]
        read[split] = Images(arrays[0][:, None], arrays[1].astype(np.int64))
    return read


def hub_images(repository: str, configuration: str | None, revision: str | None) -> dict[str, Images]:
    """Columns `image` and `label` of a dataset on the Hugging Face hub, at a pinned revision; colours become grey.

    Nothing that comes with the dataset is executed. ImageError if it cannot be fetched or is none of labelled images.
    """
    from datasets import Image, load_dataset

    read = {}
    for split in SPLITS:
        try:
            table = load_dataset(repository, configuration, revision=revision, split=split)
        except Exception as error:  # no network, no such repository, revision or split
            raise ImageError(
                f"vae.images.source: hub: cannot read {repository} ({configuration}, {split}) at revision {revision}: "
                f"{type(error).__name__}: {error}; check the network and the names, or use source: files or digits"
            ) from error
        for column in ("image", "label"):
            if column not in table.column_names:
                raise ImageError(
                    f"{repository}: no column {column!r}, it has {', '.join(table.column_names)}; give another dataset"
                )
        if not isinstance(table.features["image"], Image):
            raise ImageError(f"{repository}: column 'image' holds no images; give another dataset")
        pixels = [np.asarray(image.convert("L")) for image in table["image"]]
        if len({one.shape for one in pixels}) > 1:
            raise ImageError(f"{repository}: images of several sizes in split {split}; give a dataset of one size")
        read[split] = Images(np.array(pixels, np.uint8)[:, None], np.array(table["label"], np.int64))
    return checked(read, {split: f"{repository} ({split})" for split in SPLITS})


def checked(images: dict[str, Images], names: Mapping[str, str]) -> dict[str, Images]:
    """Return the images if a model can be trained and evaluated on them; `names` says where each split comes from."""
    idx.check({split: each.outline for split, each in images.items()}, names)
    return images


def first(images: Images, count: int | None) -> Images:
    """The first `count` images; all for None. ImageError if there are fewer."""
    idx.check_count(len(images.labels), count)
    return Images(images.pixels[:count], images.labels[:count])


def pixel_lists(pixels: np.ndarray) -> pa.Array:
    """Images (n, 1, side, side) uint8 as a column of n lists of one fixed size."""
    return pa.FixedSizeListArray.from_arrays(pa.array(pixels.ravel()), math.prod(pixels.shape[1:]))


def pixel_array(column: pa.ChunkedArray) -> np.ndarray:
    """The reverse of `pixel_lists`."""
    side = math.isqrt(column.type.list_size)
    pixels: np.ndarray = column.combine_chunks().flatten().to_numpy()
    return pixels.reshape(-1, 1, side, side)


def write_images(path: Path, images: Images) -> None:
    """Parquet with `pixels`, a list of bytes a row, and `label`."""
    write_columns(path, {"pixels": pixel_lists(images.pixels), "label": images.labels})


def read_images(path: Path) -> Images:
    """Read images that `write_images` wrote; ArtefactError for a file without rows."""
    table = pq.ParquetFile(path).read()  # read_table would import pandas first
    if table.num_rows == 0:
        raise ArtefactError(f"{path}: no rows; delete it and run again")
    return Images(pixel_array(table.column("pixels")).copy(), table.column("label").to_numpy().copy())
