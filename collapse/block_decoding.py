"""The engine of this project: decoders specialised to blocks."""

from pathlib import Path

import torch

from collapse.beam_search import beam_search
from collapse.opt import Opt, load_opt
from collapse.sampling import greedy, sample

__all__ = ["beam_search", "greedy", "load", "sample"]


def load(folder: Path, precision: str, device: str) -> Opt:
    return load_opt(folder, getattr(torch, precision), device)
