"""Checkpoints: the state of a training run in one file, so that a killed run can continue."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from collapse.artefacts import whole_file


class Checkpoint:
    """A checkpoint file, due again after `minutes`. A file with another `fingerprint` is not loaded."""

    def __init__(self, path: Path, minutes: float, fingerprint: str) -> None:
        self.path, self.seconds, self.fingerprint = Path(path), 60 * minutes, fingerprint
        self.saved_at = time.monotonic()

    def due(self) -> bool:
        """Whether it is time to save again."""
        return time.monotonic() - self.saved_at >= self.seconds

    def save(self, tensors: Mapping[str, Tensor], progress: Mapping[str, Any]) -> None:
        """Replace the saved state. `progress` may hold anything that JSON can hold."""
        with whole_file(self.path) as temporary:
            metadata = {"fingerprint": self.fingerprint, "progress": json.dumps(dict(progress))}
            save_file(dict(tensors), temporary, metadata=metadata)
        self.saved_at = time.monotonic()

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Load the saved tensors and progress. Returns None if there is no file, a damaged one or another run's."""
        if not self.path.is_file():
            return None
        try:
            with safe_open(self.path, "pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("fingerprint") != self.fingerprint:
                    return None
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dictionary
        except SafetensorError:
            return None
        return tensors, json.loads(metadata["progress"])

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
