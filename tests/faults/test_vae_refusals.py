"""The scripts of the VAE experiment refuse wrong and missing input."""

import json
import shutil

import pytest

from scripts import evaluate_vae, prepare_images, train_classifier, train_vae

COMMON = ["--code", "x"]
TRAINING = (
    "--capacity 2 --latent-dimensions 2 --epochs 1 --batch-images 32 --learning-rate 0.01 --weight-decay 0 "
    "--precision float32 --threads 1"
)


def train(folder, method: str, seed: int, generation: int, previous: str | None = None) -> str:
    """Train one generation and return the name of its folder."""
    name = f"{method}-{seed}-{generation}"
    place = f"--method {method} --seed {seed} --generation {generation}"
    before = ["--previous", str(folder / previous)] if previous else []
    files = ["--images", str(folder / "images"), "--output", str(folder / name)]
    train_vae.main([*COMMON, *place.split(), *TRAINING.split(), *files, *before])
    return name


def evaluate(folder, model: str, method: str, seed: int, generation: int, first: str) -> None:
    place = f"--method {method} --seed {seed} --generation {generation} --images 100 --shown 2 --threads 1"
    files = {"model": model, "generation0-model": first, "classifier": "classifier", "real": "images", "output": "out"}
    paths = [word for flag, name in files.items() for word in (f"--{flag}", str(folder / name))]
    evaluate_vae.main([*COMMON, *place.split(), *paths])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make tiny real images, a classifier, generation 0 of two seeds and generation 1 of two methods."""
    folder = tmp_path_factory.mktemp("vae")
    prepare_images.main([*COMMON, "--source", "digits", "--train-images", "64", "--output", str(folder / "images")])
    options = ["--images", str(folder / "images"), "--epochs", "1", "--threads", "1"]
    train_classifier.main([*COMMON, *options, "--output", str(folder / "classifier")])
    for seed in (1, 2):
        train(folder, "real", seed, 0)
    for method in ("fresh_means", "finite_means"):
        train(folder, method, 1, 1, previous="real-1-0")
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / "vae")


def test_training_on_images_of_another_seed_method_or_generation(folder):
    with pytest.raises(ValueError, match="made with seed 2, expected 1"):
        train(folder, "fresh_means", 1, 1, previous="real-2-0")
    with pytest.raises(ValueError, match="made with method 'finite_means', expected 'fresh_means'"):
        train(folder, "fresh_means", 1, 2, previous="finite_means-1-1")
    with pytest.raises(ValueError, match="made with generation 1, expected 2"):
        train(folder, "fresh_means", 1, 3, previous="fresh_means-1-1")
    with pytest.raises(ValueError, match="made with method 'real', expected 'fresh_means'"):
        train(folder, "fresh_means", 1, 2, previous="real-1-0")
    assert not list(folder.glob("fresh_means-1-[23]"))


@pytest.mark.parametrize(
    ("method", "generation", "previous"),
    [("real", 1, "real-1-0"), ("fresh_means", 1, None), ("fresh_means", 0, None), ("real", 0, "real-1-0")],
)
def test_generation_0_alone_is_trained_on_real_images(folder, method, generation, previous):
    with pytest.raises(ValueError, match="generation 0 is trained on real images"):
        train(folder, method, 3, generation, previous)


def test_evaluation_of_another_seed_or_method(folder):
    with pytest.raises(ValueError, match="made with seed 1, expected 2"):
        evaluate(folder, "fresh_means-1-1", "fresh_means", 2, 1, first="real-2-0")
    with pytest.raises(ValueError, match="made with method 'finite_means', expected 'fresh_means'"):
        evaluate(folder, "finite_means-1-1", "fresh_means", 1, 1, first="real-1-0")
    with pytest.raises(ValueError, match="made with seed 2, expected 1"):
        evaluate(folder, "fresh_means-1-1", "fresh_means", 1, 1, first="real-2-0")
    with pytest.raises(ValueError, match="made with method 'fresh_means', expected 'real'"):
        evaluate(folder, "fresh_means-1-1", "fresh_means", 1, 1, first="fresh_means-1-1")
    assert not (folder / "out").exists()


def test_damaged_weights_and_images(folder):
    weights = folder / "real-1-0" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(ValueError, match=r"real-1-0/model\.safetensors: differs from its manifest"):
        train(folder, "fresh_means", 1, 1, previous="real-1-0")
    images = folder / "images" / "train.parquet"
    images.write_bytes(images.read_bytes()[:-4])
    with pytest.raises(ValueError, match=r"train\.parquet: differs from its manifest"):
        train(folder, "real", 1, 0)


def test_a_manifest_says_what_a_model_was_trained_on(folder):
    options = {
        name: json.loads((folder / name / "manifest.json").read_text())["options"]
        for name in ("real-1-0", "fresh_means-1-1", "finite_means-1-1")
    }
    kept = {name: one["synthetic_set_sha256"] for name, one in options.items()}
    assert kept["real-1-0"] is kept["fresh_means-1-1"] is None
    assert len(kept["finite_means-1-1"]) == 64
    train(folder, "finite_means", 1, 1, previous="real-1-0")
    again = json.loads((folder / "finite_means-1-1" / "manifest.json").read_text())
    assert again["options"] == options["finite_means-1-1"]


def test_the_same_latents_are_shown_in_every_generation(folder):
    """An unchanged model gives the same pictures, whatever its generation number."""
    evaluate(folder, "real-1-0", "real", 1, 0, first="real-1-0")
    first = (folder / "out" / "images.parquet").read_bytes()
    manifest = folder / "fresh_means-1-1" / "manifest.json"
    recorded = json.loads((folder / "real-1-0" / "manifest.json").read_text())
    recorded["options"] |= {"method": "fresh_means", "generation": 1}
    manifest.write_text(json.dumps(recorded))
    shutil.copy(folder / "real-1-0" / "model.safetensors", folder / "fresh_means-1-1")
    evaluate(folder, "fresh_means-1-1", "fresh_means", 1, 1, first="real-1-0")
    assert (folder / "out" / "images.parquet").read_bytes() == first
    assert "real_latent_mean_sd" not in json.loads((folder / "out" / "metrics.json").read_text())
