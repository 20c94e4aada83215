"""Decoders: how a model continues its prompts. A registered function of (model, prompts, options).

Each is imported when it is used, so that the names can be read without torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from collapse.opt import Opt


def beam_search(model: Opt, prompts: Tensor, **options) -> tuple[Tensor, Tensor]:
    from collapse.beam_search import beam_search

    return beam_search(model, prompts, **options)


# name → function (model, prompts, **options) → (tokens, log-probabilities)
DECODERS: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {"beam_search": beam_search}


def decode(decoder: str, model: Opt, prompts: Tensor, **options) -> tuple[Tensor, Tensor]:
    """Continue `prompts` with the named decoder; every option is forwarded, one that it does not take is an error."""
    return DECODERS[decoder](model, prompts, **options)
