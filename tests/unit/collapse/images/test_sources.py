import gzip
import struct

import numpy as np
import pytest
from PIL import Image

from collapse.images import sources as image_sources
from collapse.images.idx import ImageError
from collapse.images.sources import Images

FILES = {f"{split}_{kind}": f"{split}-{kind}" for split in ("train", "test") for kind in ("images", "labels")}


def idx(values: np.ndarray, kind: int = 8) -> bytes:
    return struct.pack(f">HBB{values.ndim}I", 0, kind, values.ndim, *values.shape) + values.astype(np.uint8).tobytes()


def random_pixels(rows: int, side: int = 8, width: int | None = None) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (rows, side, width or side), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Write four valid files: six training and four test images in two classes."""
    for split, rows in (("train", 6), ("test", 4)):
        (tmp_path / f"{split}-images").write_bytes(idx(random_pixels(rows)))
        (tmp_path / f"{split}-labels").write_bytes(idx(np.arange(rows) % 2))
    return tmp_path


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["raw", "gzip"])
def test_idx_round_trip(folder, pack):
    for name in FILES.values():
        (folder / name).write_bytes(pack((folder / name).read_bytes()))
    found = image_sources.idx_images(folder, FILES)
    assert (found["train"].pixels == random_pixels(6)[:, None]).all()
    assert found["test"].labels.tolist() == [0, 1, 0, 1]
    image_sources.write_images(folder / "kept.parquet", found["train"])
    kept = image_sources.read_images(folder / "kept.parquet")
    assert kept.pixels.dtype == np.uint8
    assert (kept.pixels == found["train"].pixels).all()
    assert (kept.labels == found["train"].labels).all()


GOOD = idx(random_pixels(6))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("train-images", None, r"train-images: no such file; check vae\.images"),
        ("train-images", b"", "not an idx file .it begins with nothing"),
        ("train-images", b"\x89PNG\r\n\x1a\n", "not an idx file .it begins with 89 50 4e 47"),
        ("train-images", GOOD[:-1], "truncated: 399 bytes, by its header 400"),
        ("train-images", GOOD[:9], "truncated: 9 bytes"),
        ("train-images", GOOD + b"\x00", "bytes after its end: 401 bytes, by its header 400"),
        ("train-images", idx(random_pixels(6), kind=13), "values of idx type 0x0d"),
        ("train-images", idx(np.arange(6)), "1 dimensions, images have 3; are images and labels swapped"),
        ("train-labels", GOOD, "3 dimensions, labels have 1"),
        ("train-images", gzip.compress(GOOD)[:-20], "damaged gzip"),
        ("train-images", gzip.compress(GOOD)[:-8] + bytes(8), "damaged gzip"),
        ("train-images", gzip.compress(GOOD)[:12] + bytes(100), "damaged gzip"),
        ("train-images", idx(random_pixels(6, 8, 12)), "8 × 12 pixels, need a square"),
        ("train-images", idx(random_pixels(6, 10)), "10 × 10 pixels, need a square with a side of 4, 8"),
        ("train-images", idx(np.zeros((6, 0, 0))), "0 × 0 pixels"),
        ("test-images", idx(random_pixels(4, 12)), "12 × 12 pixels, the training images have 8"),
        ("train-images", idx(random_pixels(5)), "5 images, but 6 labels"),
        ("train-labels", idx(np.zeros(6)), "labels of 1 class; a classifier needs at least 2"),
        ("train-labels", idx(np.arange(6) % 2 + 1), r"label 2; the 2 classes of the training images must be 0 … 1"),
        ("test-labels", idx(np.array([0, 1, 2, 0])), "test-images: label 2"),
    ],
)
def test_what_is_refused(folder, name, data, message):
    path = folder / name
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ImageError, match=message) as error:
        image_sources.idx_images(folder, FILES)
    assert str(folder) in str(error.value)


def test_digits_are_all_there_and_their_split_is_stable():
    found = image_sources.digits()
    assert [len(found[split].labels) for split in image_sources.SPLITS] == [1438, 359]
    assert found["train"].pixels.shape == (1438, 1, 8, 8)
    assert found["test"].labels[:12].tolist() == [8, 1, 2, 7, 0, 4, 9, 9, 1, 8, 5, 4]
    from sklearn.datasets import load_digits

    everything = sorted(image.tobytes() for image in np.rint(load_digits().images * (255 / 16)).astype(np.uint8))
    assert sorted(image.tobytes() for split in found.values() for image in split.pixels) == everything
    assert found["train"].pixels.max() == 255
    assert len(np.unique(found["test"].labels)) == 10


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Make a dataset repository as on a hub, on the local disk: Parquet with images and labels."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")

    def make(**columns) -> str:
        for split in image_sources.SPLITS:
            (tmp_path / "repository").mkdir(exist_ok=True)
            table = datasets.Dataset.from_dict(columns)
            if "image" in columns and not isinstance(columns["image"][0], str):
                table = table.cast_column("image", datasets.Image())
            table.to_parquet(str(tmp_path / "repository" / f"{split}.parquet"))
        return str(tmp_path / "repository")

    return make


def test_images_of_a_hub(repository):
    grey = random_pixels(4)
    where = repository(image=[Image.fromarray(one) for one in grey], label=[0, 1, 1, 0])
    found = image_sources.hub_images(where, None, None)
    assert (found["test"].pixels == grey[:, None]).all()
    assert found["train"].labels.tolist() == [0, 1, 1, 0]


def test_what_is_refused_of_a_hub(repository, tmp_path):
    pictures = [Image.fromarray(one) for one in random_pixels(2)]
    with pytest.raises(ImageError, match=r"cannot read .*none.*check the network and the names"):
        image_sources.hub_images(str(tmp_path / "none"), "mnist", None)
    with pytest.raises(ImageError, match="no column 'label', it has image"):
        image_sources.hub_images(repository(image=pictures), None, None)
    with pytest.raises(ImageError, match="column 'image' holds no images"):
        image_sources.hub_images(repository(image=["a", "b"], label=[0, 1]), None, None)
    with pytest.raises(ImageError, match="images of several sizes in split train"):
        image_sources.hub_images(repository(image=[pictures[0], pictures[1].resize((4, 4))], label=[0, 1]), None, None)


def test_the_first_so_many_are_kept_and_more_than_there_are_refused():
    some = Images(random_pixels(6)[:, None], np.arange(6))
    assert image_sources.first(some, 4).labels.tolist() == [0, 1, 2, 3]
    assert image_sources.first(some, None).pixels.shape == (6, 1, 8, 8)
    with pytest.raises(ImageError, match=r"train_images: 7: there are only 6"):
        image_sources.first(some, 7)
