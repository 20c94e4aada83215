"""Needs of the jobs of the side experiments, from the configuration."""

from collections.abc import Mapping
from typing import Any

from collapse.models.memory import LIBRARIES
from pipeline import configuration
from pipeline.costs.rates import Machine, Needs

START = 0.1  # seconds
ITERATIONS = {"overlapping": 52, "blob": 75}  # of EM in a fit, on average, at tolerance 1e-6 and 10,000 points
ITERATION = 1.2e-8  # seconds of an iteration for each point
FIT = 0.01  # seconds of a fit besides its iterations
STEP = 0.006  # seconds of a training step of an autoencoder besides its products
MNIST = 60_000  # training images in idx files and in data sets of the hub
DIGITS = 1_437  # training images among scikit-learn's digits


class SideNeeds:
    """A method for each rule, with the rule's wildcards as arguments."""

    def __init__(self, config: Mapping[str, Any], machine: Machine) -> None:
        self.config, self.machine = config, machine
        self.threads: int = config["threads"]

    def simulate_discrete(self, distribution: str, samples: str) -> Needs:
        options = self.config["discrete"]
        symbols, chains = options["distributions"][distribution]["symbols"], options["chains"]
        numbers = chains * max(symbols, int(samples))
        work = chains * (min(int(samples), symbols) + 20) * max(options["generations"])
        return Needs(LIBRARIES + 40 * numbers, START + 1.3e-8 * work, disk=10_000, lower="discrete.chains")

    def simulate_gaussian(self, variant: str, dimensions: str, samples: str) -> Needs:
        options = self.config["gaussian"]
        chains, size, last = options["chains"], int(dimensions), max(options["generations"])
        work = chains * size**2 * last
        numbers = chains * size**2
        if options["draws"] == "samples":
            work *= int(samples)
            numbers *= int(samples)
        return Needs(LIBRARIES + 40 * numbers, START + 1e-7 * work, disk=10_000, lower="gaussian.chains")

    def simulate_mixture(self, original: str, samples: str, generation: str) -> Needs:
        options = self.config["mixture"]
        before = [number for number in options["generations"] if number < int(generation)]
        fits = int(generation) - max(before, default=0)
        points = options["chains"] * int(samples)
        iterations = ITERATIONS[original]
        if original == "blob":  # both components describe the same points, so EM converges more slowly with more points
            iterations *= (1e-6 / options["tolerance"]) ** 0.5 * (int(samples) / 10_000) ** (1 / 3)
        iterations = min(iterations, options["max_iterations"])
        seconds = START + fits * (FIT + ITERATION * iterations * points)
        lower = "mixture.chains or mixture.samples"
        return Needs(LIBRARIES + 150 * points, seconds, disk=60_000, threads=self.threads, lower=lower)

    def simulate_three_errors(self) -> Needs:
        options = self.config["three_errors"]
        work = options["chains"] * options["generations"]
        return Needs(LIBRARIES + 100 * options["chains"], START + 2e-6 * work, lower="three_errors.chains")

    def prepare_images(self) -> Needs:
        return Needs(LIBRARIES, 0.5 + 5e-5 * self._images(), disk=self._images() * self._side() ** 2 / 2)

    def train_classifier(self) -> Needs:
        vae = self.config["vae"]
        seconds = vae["evaluate"]["classifier_epochs"] * self._images() * 3e-5 * self._side() ** 2 / 28
        return Needs(LIBRARIES, START + seconds, disk=2_000_000, threads=self.threads)

    def train_vae(self, method: str, seed: str, generation: str) -> Needs:
        vae = self.config["vae"]
        images = vae["epochs"] * self._images()
        gain = 2 if vae["precision"] == "bfloat16" else 1
        products = images * 3 * self._operations() * 2 / gain / self.machine.speed / self.threads
        seconds = START + products + STEP * images / vae["batch_images"]
        weights = 4 * configuration.autoencoder_parameters(self.config)
        peak = LIBRARIES + 4 * self._images() * self._side() ** 2 * 2 + vae["batch_images"] * self._side() ** 2 * 400
        return Needs(peak, seconds, disk=weights, threads=self.threads, lower="vae.batch_images")

    def evaluate_vae(self, method: str, seed: str, generation: str) -> Needs:
        vae = self.config["vae"]
        images = 4 * vae["evaluate"]["images"]
        seconds = START + images * self._operations() * 2 / self.machine.speed / self.threads
        lower = "vae.evaluate.images"
        return Needs(LIBRARIES + 2_000 * images, seconds, disk=60_000, threads=self.threads, lower=lower)

    def _operations(self) -> float:
        """Return the number of operations to encode and decode an image."""
        capacity: int = self.config["vae"]["capacity"]
        return self._side() ** 2 * (16 * capacity + 8 * capacity**2)

    def _side(self) -> int:
        return 8 if self.config["vae"]["images"]["source"] == "digits" else 28

    def _images(self) -> int:
        images = self.config["vae"]["images"]
        return min(images["train_images"] or MNIST, DIGITS if images["source"] == "digits" else MNIST)
