"""What one job takes: memory, disk and time. Rates and constants are few, and docs/performance.md says where from."""

import math
from dataclasses import dataclass

MEGABYTE = 1e6
SPEED = {"cpu": 100e9, "cuda": 25e12}  # operations a second in float32 of one core, or of a GPU; the latter is assumed
GAIN = {"cpu": 2.0, "cuda": 12.0}  # of bfloat16 over float32
LATENCY = {"cpu": 0.0005, "cuda": 0.0005}  # seconds that a step spends in each layer without multiplying
# matrices less wide than these spend more time around products than in them; a GPU's assumed speed allows for it
NARROW = {"training": 140, "generation": 170, "scoring": 60}
BY_TRANSFORMERS = {"training": 1.5, "generation": 3.0, "scoring": 1.3}  # times as long as by the code of this project


@dataclass(frozen=True)
class Needs:
    """What one job takes: bytes of memory at its peak, bytes of disk that it leaves and that it needs besides while it
    runs, and seconds from its start to its end on its threads.
    """

    memory: float
    seconds: float
    disk: float = 100_000
    scratch: float = 0
    threads: int = 1
    lower: str = "its sizes in the configuration"  # the keys that decide its memory


@dataclass(frozen=True)
class Machine:
    """How fast work on a model goes."""

    device: str
    speed: float  # operations a second in float32, of one core or of the GPU

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
        """Of `operations` in matrices `width` wide, and as many passes of a layer as `layer_steps`."""
        gain = GAIN[self.device] if precision == "bfloat16" else 1.0
        narrow = NARROW[work] / width if self.device == "cpu" else 0.0
        cores = threads if self.device == "cpu" else 1
        products = operations * (1 / gain + narrow) / (self.speed * cores)
        slower = BY_TRANSFORMERS[work] if by_transformers else 1.0
        return slower * (products + layer_steps * LATENCY[self.device])


def minutes(seconds: float) -> int:
    return math.ceil(seconds / 60)
