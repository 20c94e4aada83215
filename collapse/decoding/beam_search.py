"""Beam search for blocks: prompts of one length, a fixed number of new tokens, no padding.

The result equals that of `transformers.generate` with the same options in fp32, apart from ties. The work is less:
`collapse/decoding/beam_cache.py` explains the keys and values, `collapse/decoding/next_token.py` the candidates.
"""

import torch
from torch import Tensor

from collapse.decoding.beam_cache import BeamCache
from collapse.decoding.next_token import candidates
from collapse.decoding.sampling import greedy
from collapse.models.batches import Progress, in_batches
from collapse.models.opt import Opt


def beam_search(
    model: Opt,
    prompts: Tensor,
    *,
    new_tokens: int,
    num_beams: int,
    repetition_penalty: float = 1.0,
    batch_blocks: int = 32,
    progress: Progress = None,
) -> tuple[Tensor, Tensor]:
    """Continue the prompts (blocks, prompt tokens) by exactly `new_tokens` tokens each.

    Returns the best beam of each block, (blocks, new_tokens) int64, and its summed log-probability in nats, (blocks,)
    fp32. With a repetition penalty this is the penalised score of the search. End of text is never written. As in
    transformers, one beam is greedy decoding. Raises ValueError if the model has too few positions.
    """
    if num_beams == 1:
        return greedy(
            model,
            prompts,
            new_tokens=new_tokens,
            repetition_penalty=repetition_penalty,
            batch_blocks=batch_blocks,
            progress=progress,
        )
    model.check_positions(prompts.shape[1] + new_tokens)

    def search(rows: Tensor) -> tuple[Tensor, Tensor]:
        return _search(model, prompts[rows], new_tokens, num_beams, repetition_penalty)

    return in_batches(search, len(prompts), batch_blocks, progress)


@torch.inference_mode()
def _search(model: Opt, prompts: Tensor, steps: int, beams: int, penalty: float) -> tuple[Tensor, Tensor]:
    blocks = len(prompts)
    cache = BeamCache(model, prompts, beams, steps)
    # tokens that a repetition penalty acts on: (blocks, beams, tokens so far)
    history = prompts[:, None, :] if penalty != 1 else None
    log_probability, token = candidates(model, cache.last_hidden, _flat(history), beams, penalty)  # (blocks, beams)
    tokens, parents = [token], []
    if history is not None:
        history = torch.cat([history.expand(-1, beams, -1), token[:, :, None]], dim=2)
    for _ in range(steps - 1):
        hidden = cache.extend(token)
        gain, candidate = candidates(model, hidden, _flat(history), beams, penalty)
        total = (gain.view(blocks, beams, beams) + log_probability[:, :, None]).flatten(1)
        log_probability, choice = torch.topk(total, beams)
        parent, token = choice // beams, candidate.view(blocks, -1).gather(1, choice)
        tokens.append(token)
        parents.append(parent)
        cache.follow(parent)
        if history is not None:
            older = history.gather(1, parent[:, :, None].expand(-1, -1, history.shape[2]))
            history = torch.cat([older, token[:, :, None]], dim=2)
    return _trace_back(tokens, parents), log_probability[:, 0]


def _flat(history: Tensor | None) -> Tensor | None:
    return None if history is None else history.flatten(0, 1)


def _trace_back(tokens: list[Tensor], parents: list[Tensor]) -> Tensor:
    """Follow the best beam of each block from its last token to its first: (blocks, steps)."""
    beam = torch.zeros_like(tokens[0][:, :1])
    path = [tokens[-1][:, :1]]
    for token, parent in zip(reversed(tokens[:-1]), reversed(parents), strict=True):
        beam = parent.gather(1, beam)
        path.append(token.gather(1, beam))
    return torch.cat(path[::-1], dim=1)
