"""What the jobs of the side experiments take, from the configuration."""

from collections.abc import Mapping
from typing import Any

from collapse.memory import LIBRARIES
from workflow import configuration
from workflow.needs import Machine, Needs

PLAIN = 200_000_000  # bytes that Python and numpy take without torch
START = 0.3
# EM: iterations a fit, on average; seconds of one for each point
ITERATIONS = {"overlapping": 60, "blob": 200}
ITERATION = 1.2e-8
MNIST = 60_000  # training images of idx files and hub data sets
DIGITS = 1_437


class SideNeeds:
    """Needs of each rule; wildcards are given by name."""

    def __init__(self, config: Mapping[str, Any], machine: Machine) -> None:
        self.config, self.machine = config, machine
        self.threads: int = config["threads"]

    def simulate_discrete(self, distribution: str, samples: str) -> Needs:
        options = self.config["discrete"]
        symbols, chains = options["distributions"][distribution]["symbols"], options["chains"]
        numbers = chains * max(symbols, int(samples))
        work = chains * (int(samples) + symbols) * max(options["generations"])
        return Needs(PLAIN + 40 * numbers, START + 8e-9 * work, disk=10_000)

    def simulate_gaussian(self, variant: str, dimensions: str, samples: str) -> Needs:
        options = self.config["gaussian"]
        chains, size, last = options["chains"], int(dimensions), max(options["generations"])
        work = chains * size**2 * last
        numbers = chains * size**2
        if options["draws"] == "samples":
            work *= int(samples)
            numbers *= int(samples)
        return Needs(PLAIN + 40 * numbers, START + 5e-7 * work, disk=10_000)

    def simulate_mixture(self, original: str, samples: str, generation: str) -> Needs:
        options = self.config["mixture"]
        before = [one for one in options["generations"] if one < int(generation)]
        fits = int(generation) - max(before, default=0)
        points = options["chains"] * int(samples)
        iterations = min(ITERATIONS[original], options["max_iterations"])
        seconds = START + ITERATION * iterations * points * fits + 1e-3 * fits
        return Needs(LIBRARIES + 150 * points, seconds, disk=60_000, threads=self.threads)

    def summarize_mixture(self) -> Needs:
        return Needs(LIBRARIES, 3, disk=2_000_000, threads=self.threads)

    def simulate_three_errors(self) -> Needs:
        options = self.config["three_errors"]
        work = options["chains"] * options["generations"]
        return Needs(PLAIN + 100 * options["chains"], START + 2e-6 * work)

    def prepare_images(self) -> Needs:
        return Needs(LIBRARIES, 1 + 5e-5 * self._images(), disk=self._images() * self._side() ** 2 / 2)

    def train_classifier(self) -> Needs:
        vae = self.config["vae"]
        seconds = vae["evaluate"]["classifier_epochs"] * self._images() * 2e-5 * self._side() ** 2 / 28
        return Needs(LIBRARIES, START + seconds, disk=2_000_000, threads=self.threads)

    def train_vae(self, method: str, seed: str, generation: str) -> Needs:
        vae = self.config["vae"]
        images = vae["epochs"] * self._images()
        gain = 2 if vae["precision"] == "bfloat16" else 1
        products = images * 3 * self._operations() * 2 / gain / self.machine.speed / self.threads
        seconds = START + products + 2e-3 * images / vae["batch_images"]
        weights = 4 * configuration.autoencoder_parameters(self.config)
        peak = LIBRARIES + 4 * self._images() * self._side() ** 2 * 2 + vae["batch_images"] * self._side() ** 2 * 400
        return Needs(peak, seconds, disk=weights, threads=self.threads)

    def evaluate_vae(self, method: str, seed: str, generation: str) -> Needs:
        vae = self.config["vae"]
        images = 4 * vae["evaluate"]["images"]
        seconds = START + images * self._operations() * 2 / self.machine.speed / self.threads
        return Needs(LIBRARIES + 2_000 * images, seconds, disk=200_000, threads=self.threads)

    def summarize_vae(self) -> Needs:
        return Needs(LIBRARIES, 2)

    def _operations(self) -> float:
        """To encode and decode an image."""
        capacity, pixels = self.config["vae"]["capacity"], self._side() ** 2
        return pixels * (16 * capacity + 8 * capacity**2)

    def _side(self) -> int:
        return 8 if self.config["vae"]["images"]["source"] == "digits" else 28

    def _images(self) -> int:
        images = self.config["vae"]["images"]
        return min(images["train_images"] or MNIST, DIGITS if images["source"] == "digits" else MNIST)
