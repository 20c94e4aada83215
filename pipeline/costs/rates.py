"""Needs of one job: memory, disk and time; and the rates of computation. docs/performance.md gives their sources."""

from dataclasses import dataclass

MEGABYTE = 1e6
SPEED = {"cpu": 100e9, "cuda": 25e12}  # float32 operations a second of a core, measured, and of a GPU, assumed
GAIN = {"cpu": 2.0, "cuda": 12.0}  # speed in bfloat16 divided by speed in float32
LATENCY = 0.0005  # seconds of each layer in each step besides its products
# width of a matrix for which other work takes as long as the products; the assumed speed of a GPU includes it
NARROW = {"training": 140, "generation": 170, "scoring": 60}
BY_TRANSFORMERS = {"training": 1.5, "generation": 3.0, "scoring": 1.3}  # time relative to the code of this project


@dataclass(frozen=True)
class Needs:
    """Needs of one job."""

    memory: float  # bytes, at the peak
    seconds: float  # from start to end, on all its threads
    disk: float = 100_000  # bytes of its outputs
    scratch: float = 0  # bytes of temporary files while it runs
    threads: int = 1
    lower: str = "its sizes in the configuration"  # the keys that decide its memory


@dataclass(frozen=True)
class Machine:
    """Speed of computations with a model."""

    device: str
    speed: float  # float32 operations a second of one core or of the GPU

    def seconds(
        self,
        work: str,
        operations: float,
        *,
        width: int,
        precision: str,
        threads: int = 1,
        layer_steps: float = 0,
        by_transformers: bool = False,
    ) -> float:
        """Return the time of `operations` on matrices of this width, in `layer_steps` passes through a layer."""
        gain = GAIN[self.device] if precision == "bfloat16" else 1.0
        narrow = NARROW[work] / width if self.device == "cpu" else 0.0
        cores = threads if self.device == "cpu" else 1
        products = operations * (1 / gain + narrow) / (self.speed * cores)
        slower = BY_TRANSFORMERS[work] if by_transformers else 1.0
        return slower * (products + layer_steps * LATENCY)
