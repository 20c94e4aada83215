"""Decoders: how a model continues its prompts. A registered function of (model, prompts, options)."""

from collections.abc import Callable

from torch import Tensor

from collapse.beam_search import beam_search
from collapse.opt import Opt

# name → function (model, prompts, **options) → (tokens, log-probabilities)
DECODERS: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {"beam_search": beam_search}


def decode(decoder: str, model: Opt, prompts: Tensor, **options) -> tuple[Tensor, Tensor]:
    """Continue `prompts` with the named decoder; every option is forwarded, one that it does not take is an error."""
    return DECODERS[decoder](model, prompts, **options)
