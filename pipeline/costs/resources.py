"""Predict memory, disk and time of every job from the configuration, for Snakemake's resources and for `make plan`.

Results do not depend on these numbers, and a change of them reruns nothing. Rules with jobs of about two seconds share
one constant.
"""

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.costs.rates import MEGABYTE, SPEED, Machine, Needs
from pipeline.costs.side import SideNeeds
from pipeline.costs.text import TextNeeds

SHORT = Needs(memory=400_000_000, seconds=2.5, disk=300_000)  # of every rule without a method in text.py and side.py
LAUNCHER = 200  # megabytes of Snakemake, which starts each job on a cluster
MARGIN = 1.25  # requested memory and disk divided by the prediction
START = 180  # seconds added to the requested time: a node may read Python's packages slowly
SLOWER = 3  # requested time divided by the prediction: a node may be slow or shared


class JobNeeds:
    """Needs of the jobs of one configuration; `results` is its folder."""

    def __init__(self, config: Mapping[str, Any], results: Path) -> None:
        self.config, self.results = config, results
        speed = config.get("gigaflops")  # results of an earlier version have none
        self.machine = Machine(config["device"], speed * 1e9 if speed else SPEED[config["device"]])
        self._known: dict[tuple[str, tuple[tuple[str, str], ...]], Needs] = {}

    @cached_property
    def text(self) -> TextNeeds:
        return TextNeeds(self.config, self.results, self.machine)

    @cached_property
    def side(self) -> SideNeeds:
        return SideNeeds(self.config, self.machine)

    def needs(self, rule: str, wildcards: Mapping[str, str]) -> Needs:
        """Return the needs of one job."""
        key = rule, tuple(wildcards.items())
        if key not in self._known:
            part = self.text if hasattr(TextNeeds, rule) else self.side if hasattr(SideNeeds, rule) else None
            self._known[key] = getattr(part, rule)(**wildcards) if part else SHORT
        return self._known[key]

    def is_guess(self) -> bool:
        """Whether the needs depend on a model whose size is not known."""
        return "text" in self.config["parts"] and self.text.sizes.is_guess

    def resources(self) -> dict[str, Callable[..., int]]:
        """Return the resources that a job requests from Snakemake, more with every attempt."""

        def needs(rule: str, wildcards: Any) -> Needs:
            return self.needs(rule, dict(wildcards.items()))

        def mem_mb(wildcards: Any, attempt: int, rulename: str) -> int:
            return round(attempt * (MARGIN * needs(rulename, wildcards).memory / MEGABYTE + LAUNCHER))

        def disk_mb(wildcards: Any, attempt: int, rulename: str) -> int:
            job = needs(rulename, wildcards)
            return round(attempt * MARGIN * (job.disk + job.scratch) / MEGABYTE) + 1

        def runtime(wildcards: Any, attempt: int, rulename: str) -> int:
            return math.ceil(attempt * (START + SLOWER * needs(rulename, wildcards).seconds) / 60)

        return {"mem_mb": mem_mb, "disk_mb": disk_mb, "runtime": runtime}
