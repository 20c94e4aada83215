"""The project's own engine: decoders for blocks of one length."""

from pathlib import Path

import torch

from collapse.decoding.beam_search import beam_search
from collapse.decoding.sampling import greedy, sample
from collapse.models.opt import Opt, load_opt

__all__ = ["beam_search", "greedy", "load", "sample"]


def load(folder: Path, precision: str, device: str) -> Opt:
    """Load a pre-norm OPT for decoding. Raises ModelError as `load_opt`."""
    return load_opt(folder, getattr(torch, precision), device)
