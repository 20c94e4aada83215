"""The engine of this project: decoders specialised to blocks."""

from pathlib import Path

import torch

from collapse.decoding.beam_search import beam_search
from collapse.decoding.sampling import greedy, sample
from collapse.models.opt import Opt, load_opt

__all__ = ["beam_search", "greedy", "load", "sample"]


def load(folder: Path, precision: str, device: str) -> Opt:
    return load_opt(folder, getattr(torch, precision), device)
