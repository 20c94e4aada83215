"""Beam search specialised to blocks: prompts of one length, a fixed number of new tokens, no padding.

Same result as `transformers.generate` with the same options in fp32 (ties aside). What is different is the work:
the prompt runs once a block, not once a beam, and its keys and values are shared by the beams; a beam that changes its
parent moves a row of an ancestor mask, never a cache; only the last position is turned into logits.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from collapse.opt import Opt
from collapse.tokenizer import END_OF_TEXT


def no_progress(done: int, total: int) -> None:
    """Report nothing."""


@torch.inference_mode()
def beam_search(
    model: Opt,
    prompts: Tensor,
    *,
    new_tokens: int,
    num_beams: int,
    repetition_penalty: float = 1.0,
    batch_blocks: int = 64,
    progress: Callable[[int, int], None] = no_progress,
) -> tuple[Tensor, Tensor]:
    """Continue every prompt by exactly `new_tokens` tokens.

    `prompts` is (blocks, prompt tokens) of ids. Returns the best beam of each block, (blocks, new_tokens) int64, and
    its log-probability summed over the new tokens, (blocks,) fp32. The end-of-text token is never written.

    Every batch has `batch_blocks` rows, the last one filled up with repeats, because the order in which a matrix
    product sums depends on its shape: with one compute thread a block's result is the same to the bit in whatever
    batch it stands; with several, the last bit of its score may move.
    """
    if prompts.shape[1] + new_tokens > model.positions.shape[0]:
        raise ValueError(
            f"{prompts.shape[1]} prompt and {new_tokens} new tokens, more than the model's "
            f"{model.positions.shape[0]} positions; shorten corpus.block_tokens"
        )
    tokens, scores = [], []
    blocks = prompts.shape[0]
    for start in range(0, blocks, batch_blocks):
        batch = prompts[start : start + batch_blocks]
        filled = torch.cat([batch, batch[-1:].expand(batch_blocks - len(batch), -1)])
        batch_tokens, batch_scores = _search(model, filled, new_tokens, num_beams, repetition_penalty)
        tokens.append(batch_tokens[: len(batch)])
        scores.append(batch_scores[: len(batch)])
        progress(min(start + batch_blocks, blocks), blocks)
    return torch.cat(tokens), torch.cat(scores)


def _search(model: Opt, prompts: Tensor, steps: int, beams: int, penalty: float) -> tuple[Tensor, Tensor]:
    blocks, prompt = prompts.shape
    device = prompts.device
    # one buffer a layer: the prompt's rows, then a row for every beam of every step, never moved
    rows = prompt + beams * (steps - 1)
    shape = (blocks, model.heads, rows, model.width // model.heads)
    keys = [torch.empty(shape, device=device) for _ in model.layers]
    values = [torch.empty(shape, device=device) for _ in model.layers]

    hidden = model.embed(prompts, 0)
    for layer, key_rows, value_rows in zip(model.layers, keys, values, strict=True):
        query, key, value = model.project(hidden, layer)
        key_rows[:, :, :prompt], value_rows[:, :, :prompt] = key, value
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=1.0)
        hidden = model.feed_forward(model.attention_output(attended, hidden, layer), layer)
    history = prompts[:, None, :]  # (blocks, beams, tokens so far), what a repetition penalty looks at
    log_probability, token = _candidates(model, hidden[:, -1], history, beams, penalty)  # (blocks, beams)

    # which rows a beam descends from: -inf elsewhere
    unseen = torch.full((blocks, beams, rows), -torch.inf, device=device)
    unseen[:, :, :prompt] = 0
    own = torch.full((beams, beams), -torch.inf, device=device).fill_diagonal_(0)
    block_index = torch.arange(blocks, device=device)[:, None]
    tokens, parents = [token], []
    if penalty != 1:
        history = torch.cat([history.expand(-1, beams, -1), token[:, :, None]], dim=2)
    for step in range(steps - 1):
        first, last = prompt + beams * step, prompt + beams * (step + 1)
        unseen[:, :, first:last] = own
        bias = unseen[:, None, :, :last]
        hidden = model.embedding[token] + model.positions[prompt + step]
        for layer, key_rows, value_rows in zip(model.layers, keys, values, strict=True):
            query, key, value = model.project(hidden, layer)
            key_rows[:, :, first:last], value_rows[:, :, first:last] = key, value
            attended = F.scaled_dot_product_attention(
                query, key_rows[:, :, :last], value_rows[:, :, :last], attn_mask=bias, scale=1.0
            )
            hidden = model.feed_forward(model.attention_output(attended, hidden, layer), layer)
        flat_history = history.reshape(blocks * beams, 1, -1) if penalty != 1 else history
        gain, candidate = _candidates(model, hidden.flatten(0, 1), flat_history, beams, penalty)
        total = (gain.view(blocks, beams, beams) + log_probability[:, :, None]).flatten(1)
        log_probability, choice = torch.topk(total, beams)
        parent, token = choice // beams, candidate.view(blocks, -1).gather(1, choice)
        tokens.append(token)
        parents.append(parent)
        unseen[:, :, :last] = unseen[block_index, parent, :last]
        if penalty != 1:
            history = torch.cat([history[block_index, parent], token[:, :, None]], dim=2)
    return _trace_back(tokens, parents), log_probability[:, 0]


def _candidates(model: Opt, hidden: Tensor, history: Tensor, count: int, penalty: float) -> tuple[Tensor, Tensor]:
    """The `count` best next tokens of each row: log-probabilities and ids, both (rows, count).

    As in transformers, end of text is banned after the softmax (its mass is not given to the others). The penalty
    multiplies what is negative and divides what is positive, and acts on log-probabilities in a search and on logits in
    greedy decoding, which is a search with one beam in all else.
    """
    logits = model.logits(model.norm(hidden, model.final_norm))
    normaliser = logits.logsumexp(1, keepdim=True)
    logits[:, END_OF_TEXT] = -torch.inf
    if penalty != 1:
        if count > 1:
            logits, normaliser = logits.sub_(normaliser), torch.zeros_like(normaliser)
        seen = history[:, 0]
        value = logits.gather(1, seen)
        logits.scatter_(1, seen, torch.where(value < 0, value * penalty, value / penalty))
    best, ids = _top(logits, count)
    return best - normaliser, ids


def _top(scores: Tensor, count: int, chunk: int = 32) -> tuple[Tensor, Tensor]:
    """`torch.topk` over rows in two stages: the best columns of the chunks' maxima hold the best of all, exactly."""
    rows, width = scores.shape
    columns = width // chunk
    if columns * chunk != width or columns < count:
        return torch.topk(scores, count)
    maxima = scores.view(rows, chunk, columns).amax(1)
    chosen = torch.topk(maxima, count).indices  # column j holds the ids j, j + columns, j + 2 columns, …
    ids = (chosen[:, None, :] + torch.arange(chunk, device=scores.device)[:, None] * columns).flatten(1)
    best, index = torch.topk(scores.gather(1, ids), count)
    return best, ids.gather(1, index)


def _trace_back(tokens: list[Tensor], parents: list[Tensor]) -> Tensor:
    """Follow the best beam of each block from its last token to its first: (blocks, steps)."""
    beam = torch.zeros_like(tokens[0][:, :1])
    path = [tokens[-1][:, :1]]
    for token, parent in zip(reversed(tokens[:-1]), reversed(parents), strict=True):
        beam = parent.gather(1, beam)
        path.append(token.gather(1, beam))
    return torch.cat(path[::-1], dim=1)
