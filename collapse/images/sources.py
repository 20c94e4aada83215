"""Real images with labels: the digits of scikit-learn, local idx files, or a dataset on a hub; grey, square, as bytes.

A source gives the same thing each time: for `train` and for `test`, pixels and labels 0 … classes − 1.
"""

import gzip
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from collapse.artefacts import ArtefactError, write_columns
from collapse.seeds import derive_seed

SPLITS = ("train", "test")
GZIP, UNSIGNED_BYTE = b"\x1f\x8b", 8


class ImageError(ValueError):
    """Real images cannot be read; the message names the file or key, the value and the remedy."""


@dataclass(frozen=True)
class Images:
    """Pixels from black 0 to white 255, and what each image shows."""

    pixels: np.ndarray  # (images, 1, side, side) uint8
    labels: np.ndarray  # (images,) int64

    @property
    def side(self) -> int:
        return int(self.pixels.shape[-1])


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
    for split in SPLITS:
        images, labels = (folder / files[f"{split}_{kind}"] for kind in ("images", "labels"))
        read[split] = Images(read_idx(images, 3)[:, None], read_idx(labels, 1).astype(np.int64))
    return checked(read, {split: str(folder / files[f"{split}_images"]) for split in SPLITS})


def read_idx(path: Path, rank: int) -> np.ndarray:
    """An idx file of unsigned bytes with `rank` dimensions: two zeros, the type, the rank, the sizes, then the values.

    Specification: http://yann.lecun.com/exdb/mnist/. ImageError names the file and what is wrong with it.
    """
    data = _unpacked(path)
    if len(data) < 4 or data[:2] != b"\x00\x00":
        raise ImageError(
            f"{path}: not an idx file (it begins with {data[:4].hex(' ') or 'nothing'}); give one as MNIST has them"
        )
    if data[2] != UNSIGNED_BYTE:
        raise ImageError(f"{path}: values of idx type {data[2]:#04x}; only unsigned bytes (0x08) are pixels and labels")
    if data[3] != rank:
        kind = "images" if rank == 3 else "labels"
        raise ImageError(f"{path}: {data[3]} dimensions, {kind} have {rank}; are images and labels swapped?")
    begin = 4 + 4 * rank
    sizes = [int.from_bytes(data[place : place + 4], "big") for place in range(4, begin, 4)]
    expected = begin + math.prod(sizes)
    if len(data) != expected:
        fault = "truncated" if len(data) < expected else "bytes after its end"
        raise ImageError(f"{path}: {fault}: {len(data)} bytes, by its header {expected}; fetch it again")
    return np.frombuffer(data, np.uint8, offset=begin).reshape(sizes)


def _unpacked(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data[:2] == GZIP else data
    except (FileNotFoundError, IsADirectoryError) as error:
        raise ImageError(f"{path}: no such file; check vae.images.folder and vae.images.files") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ImageError(f"{path}: damaged gzip ({error}); fetch it again") from error


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
    """The same images if a model can be trained and judged on them; `names` says where each split comes from."""
    classes = len(np.unique(images["train"].labels))
    for split, (pixels, labels) in ((split, (one.pixels, one.labels)) for split, one in images.items()):
        name = names[split]
        if len(pixels) != len(labels):
            raise ImageError(f"{name}: {len(pixels)} images, but {len(labels)} labels; give files of one set")
        if len(pixels) < 2:
            raise ImageError(f"{name}: {len(pixels)} images; give at least 2")
        height, width = pixels.shape[-2:]
        if height != width or height % 4 or not height:
            raise ImageError(
                f"{name}: {height} × {width} pixels, need a square with a side of 4, 8, …; crop or pad them"
            )
        if width != images["train"].side:
            raise ImageError(f"{name}: {width} × {width} pixels, the training images have {images['train'].side}")
        if classes < 2:
            raise ImageError(f"{name}: labels of {classes} class; a classifier needs at least 2")
        outside = labels[(labels < 0) | (labels >= classes)]
        if len(outside):
            raise ImageError(
                f"{name}: label {outside[0]}; the {classes} classes of the training images must be 0 … {classes - 1}"
            )
    return images


def first(images: Images, count: int | None) -> Images:
    """The first `count` images; all for None. ImageError if there are fewer."""
    if count is not None and count > len(images.labels):
        raise ImageError(
            f"vae.images.train_images: {count}: there are only {len(images.labels)}; lower it, or null for all"
        )
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
