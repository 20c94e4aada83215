"""One step of the pipeline: it checks its inputs, measures its time, and writes its manifest last."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from collapse.artefacts import LIBRARIES, checked_manifest, write_manifest
from scripts.shared.timer import Timer

IMAGE_LIBRARIES = ("numpy", "pyarrow", "safetensors", "torch")


class Step(Timer):
    """One run of a script whose outputs have a manifest."""

    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(args.benchmark)
        self.code = args.code
        self.parents: list[Path] = []

    def check(self, manifest: Path, kind: str, expected: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Check an input as `checked_manifest` does, record its manifest as a parent, and return its options."""
        options: dict[str, Any] = checked_manifest(manifest, kind, expected)["options"]
        self.parents.append(manifest)
        return options

    def write(
        self,
        manifest: Path,
        kind: str,
        files: Sequence[Path],
        options: Mapping[str, Any],
        libraries: Sequence[str] = LIBRARIES,
    ) -> None:
        """Write the manifest of the outputs, then the timings."""
        write_manifest(
            manifest, kind=kind, files=files, parents=self.parents, code=self.code, options=options, libraries=libraries
        )
        self.finish()
