"""Images in idx files, the format of MNIST, read and checked by the standard library alone.

Specification: http://yann.lecun.com/exdb/mnist/.
"""

import gzip
import math
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SPLITS = ("train", "test")
GZIP, UNSIGNED_BYTE = b"\x1f\x8b", 8


class ImageError(ValueError):
    """Real images cannot be read. The message names the file or key, the value and the remedy."""


class Idx(NamedTuple):
    """An array of unsigned bytes, in row-major order."""

    sizes: tuple[int, ...]
    values: memoryview


class Outline(NamedTuple):
    """Sizes and labels of the images of a split."""

    images: int
    height: int
    width: int
    labels: Sequence[int]


def read_splits(folder: Path, files: Mapping[str, str]) -> dict[str, tuple[Idx, Idx]]:
    """Images and labels of each split, checked; the files may be gzipped.

    `files` names `train_images`, `train_labels`, `test_images` and `test_labels`. Raises ImageError if a file cannot be
    read, or the files do not belong together.
    """
    paths = {split: [folder / files[f"{split}_{kind}"] for kind in ("images", "labels")] for split in SPLITS}
    read = {split: (read_idx(images, 3), read_idx(labels, 1)) for split, (images, labels) in paths.items()}
    outlines = {}
    for split, (images, labels) in read.items():
        count, height, width = images.sizes
        outlines[split] = Outline(count, height, width, labels.values)
    check(outlines, {split: str(paths[split][0]) for split in SPLITS})
    return read


def read_idx(path: Path, rank: int) -> Idx:
    """Read an idx file of unsigned bytes with `rank` dimensions: two zeros, the type, the rank, the sizes, the values.

    ImageError names the file and what is wrong with it.
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
    sizes = tuple(int.from_bytes(data[place : place + 4], "big") for place in range(4, begin, 4))
    expected = begin + math.prod(sizes)
    if len(data) != expected:
        fault = "truncated" if len(data) < expected else "bytes after its end"
        raise ImageError(f"{path}: {fault}: {len(data)} bytes, by its header {expected}; fetch it again")
    return Idx(sizes, memoryview(data)[begin:])


def _unpacked(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data[:2] == GZIP else data
    except (FileNotFoundError, IsADirectoryError) as error:
        raise ImageError(f"{path}: no such file; check vae.images.folder and vae.images.files") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ImageError(f"{path}: damaged gzip ({error}); fetch it again") from error


def check(splits: Mapping[str, Outline], names: Mapping[str, str]) -> None:
    """Raise ImageError unless a model can be trained on the images; `names` says where each split comes from."""
    classes = len({*splits["train"].labels})
    for split, (images, height, width, labels) in splits.items():
        name = names[split]
        if images != len(labels):
            raise ImageError(f"{name}: {images} images, but {len(labels)} labels; give files of one set")
        if images < 2:
            raise ImageError(f"{name}: {images} images; give at least 2")
        if height != width or height % 4 or not height:
            raise ImageError(
                f"{name}: {height} × {width} pixels, need a square with a side of 4, 8, …; crop or pad them"
            )
        if width != splits["train"].width:
            raise ImageError(f"{name}: {width} × {width} pixels, the training images have {splits['train'].width}")
        if classes < 2:
            raise ImageError(f"{name}: labels of {classes} class; a classifier needs at least 2")
        for label in labels:
            if not 0 <= label < classes:
                raise ImageError(
                    f"{name}: label {label}; the {classes} classes of the training images must be 0 … {classes - 1}"
                )


def check_count(images: int, count: int | None) -> None:
    """ImageError if fewer than `count` images are there."""
    if count is not None and count > images:
        raise ImageError(f"vae.images.train_images: {count}: there are only {images}; lower it, or null for all")
