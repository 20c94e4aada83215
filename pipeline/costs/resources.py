"""Memory, disk and time of every job, predicted from the configuration: as Snakemake's resources, and for `make plan`.

Results do not depend on them, and nothing runs again when they change. Rules whose jobs take about two seconds share
one constant.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.costs.rates import MEGABYTE, SPEED, Machine, Needs, minutes
from pipeline.costs.side import SideNeeds
from pipeline.costs.text import TextNeeds

SHORT = Needs(memory=400_000_000, seconds=2.5, disk=300_000)  # of every rule that has no method of its own
LAUNCHER = 200  # megabytes: on a cluster each job runs under a Snakemake of its own
MARGIN = 1.25  # of memory and disk that are asked for, over what is predicted
START = 180  # seconds asked for on top: a node that is slow to read Python's packages
SLOWER = 3  # times as long as predicted may a job take before it is ended: on a slower or a shared node


class JobNeeds:
    """What the jobs of one configuration take; `results` is its folder."""

    def __init__(self, config: Mapping[str, Any], results: Path) -> None:
        self.config, self.results = config, results
        speed = config.get("gigaflops")  # results of an earlier version have none
        self.machine = Machine(config["device"], speed * 1e9 if speed else SPEED[config["device"]])
        self._known: dict[tuple[str, tuple], Needs] = {}

    @cached_property
    def text(self) -> TextNeeds:
        return TextNeeds(self.config, self.results, self.machine)

    @cached_property
    def side(self) -> SideNeeds:
        return SideNeeds(self.config, self.machine)

    def needs(self, rule: str, wildcards: Mapping[str, str]) -> Needs:
        """Return what one job takes."""
        key = rule, tuple(wildcards.items())
        if key not in self._known:
            if hasattr(TextNeeds, rule):
                self._known[key] = getattr(self.text, rule)(**wildcards)
            elif hasattr(SideNeeds, rule):
                self._known[key] = getattr(self.side, rule)(**wildcards)
            else:
                self._known[key] = SHORT
        return self._known[key]

    def is_guess(self) -> bool:
        """Whether the needs depend on a model whose size is not known."""
        return "text" in self.config["parts"] and self.text.sizes.guessed()

    def resources(self) -> dict[str, Callable[..., int]]:
        """Return what a job of any rule asks Snakemake for, more with every attempt."""

        def needs(rule: str, wildcards: Any) -> Needs:
            return self.needs(rule, dict(wildcards.items()))

        def mem_mb(wildcards: Any, attempt: int, rulename: str) -> int:
            return round(attempt * (MARGIN * needs(rulename, wildcards).memory / MEGABYTE + LAUNCHER))

        def disk_mb(wildcards: Any, attempt: int, rulename: str) -> int:
            one = needs(rulename, wildcards)
            return round(attempt * MARGIN * (one.disk + one.scratch) / MEGABYTE) + 1

        def runtime(wildcards: Any, attempt: int, rulename: str) -> int:
            return minutes(attempt * (START + SLOWER * needs(rulename, wildcards).seconds))

        return {"mem_mb": mem_mb, "disk_mb": disk_mb, "runtime": runtime}
