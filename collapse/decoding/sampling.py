"""Greedy decoding, and sampling with temperature, top-k and top-p.

Every block has its own counter-based stream of random numbers (Philox, Salmon et al., SC 2011, doi
10.1145/2063384.2063405), with one number for each token. The draws of a block do not depend on its batch or shard.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.decoding.beam_cache import BeamCache
from collapse.decoding.next_token import penalize
from collapse.models.batches import Progress, in_batches
from collapse.models.logits import log_sum_exp, logits_by_rows
from collapse.models.opt import Opt

# function of scores (rows, vocabulary), random numbers (rows,), tokens so far (rows, tokens) and indices of blocks
# (rows,) that returns the next tokens (rows,)
Choice = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def greedy(
    model: Opt,
    prompts: Tensor,
    *,
    new_tokens: int,
    repetition_penalty: float = 1.0,
    batch_blocks: int = 32,
    progress: Progress = None,
) -> tuple[Tensor, Tensor]:
    """Continue the prompts (blocks, prompt tokens) by the likeliest token at each step.

    Returns the tokens, (blocks, new_tokens) int64, and their summed log-probability under the model in nats, (blocks,)
    fp32. End of text is never written. The penalty acts on logits, as in transformers. Raises ValueError if the model
    has too few positions.
    """
    return _in_batches(
        model,
        prompts,
        torch.zeros(len(prompts), new_tokens, dtype=torch.float64),
        lambda scores, *_: scores.argmax(1),
        repetition_penalty,
        batch_blocks,
        progress,
    )


def sample(
    model: Opt,
    prompts: Tensor,
    *,
    new_tokens: int,
    seed: int,
    streams: np.ndarray | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    watermark_bias: float = 0.0,
    marked: np.ndarray | None = None,
    repetition_penalty: float = 1.0,
    batch_blocks: int = 32,
    progress: Progress = None,
) -> tuple[Tensor, Tensor]:
    """Continue the prompts (blocks, prompt tokens) by draws from the model's distribution without end of text.

    `streams` (blocks,) numbers the random streams, by default 0, 1, 2, …. Scores are changed in this order, as in
    transformers:

    1. the repetition penalty and the ban of end of text,
    2. the temperature,
    3. the `top_k` likeliest tokens,
    4. the smallest set of these that holds `top_p` of the probability (Holtzman et al., arXiv:1904.09751),
    5. the watermark, if `watermark_bias` is not 0, in the `marked` blocks (blocks,), by default in all.

    Returns and raises as `greedy`. The log-probabilities are the model's own, before these changes.
    """
    numbers = uniforms(seed, np.arange(len(prompts)) if streams is None else streams, new_tokens)
    marks = torch.ones(len(prompts), dtype=torch.bool) if marked is None else torch.from_numpy(marked)
    mark = None
    if watermark_bias:
        from collapse.decoding.watermark import marker  # a slow import, needed only here

        mark = marker(watermark_bias, model.vocabulary_size, model.device)

    def draw(scores: Tensor, uniform: Tensor, written: Tensor, blocks: Tensor) -> Tensor:
        scores = truncated(scores / temperature, top_k, top_p)
        if mark is not None:
            rows = marks[blocks].nonzero()[:, 0]
            scores[rows] = mark(written[rows], scores[rows])
        return inverse_cdf(scores.softmax(1), uniform)

    return _in_batches(model, prompts, numbers, draw, repetition_penalty, batch_blocks, progress)


def _in_batches(
    model: Opt,
    prompts: Tensor,
    numbers: Tensor,
    choose: Choice,
    penalty: float,
    batch_blocks: int,
    progress: Progress,
) -> tuple[Tensor, Tensor]:
    """Continue prompts token by token. `numbers` (blocks, new tokens) holds a random number for each token."""
    model.check_positions(prompts.shape[1] + numbers.shape[1])

    @torch.inference_mode()
    def batch(rows: Tensor) -> tuple[Tensor, Tensor]:
        written, log_probability = prompts[rows], torch.zeros(len(rows), device=prompts.device)
        cache = BeamCache(model, written, 1, numbers.shape[1])
        hidden = cache.last_hidden
        for step in range(numbers.shape[1]):
            if step:
                hidden = cache.extend(written[:, -1:])
            uniform = numbers[rows, step].to(prompts.device)
            token, gain = _next(model, hidden, written, uniform, rows, choose, penalty)
            written = torch.cat([written, token], dim=1)
            log_probability += gain
        return written[:, prompts.shape[1] :], log_probability

    return in_batches(batch, len(prompts), batch_blocks, progress)


def _next(
    model: Opt,
    hidden: Tensor,
    written: Tensor,
    numbers: Tensor,
    blocks: Tensor,
    choose: Choice,
    penalty: float,
) -> tuple[Tensor, Tensor]:
    """Choose a token for each row, (rows, 1); return it and its log-probability under the model, (rows,)."""
    tokens, gains = [], []
    for rows, logits in logits_by_rows(model, hidden):
        scores = logits.clone()
        if penalty != 1:
            penalize(scores, written[rows], penalty)
        scores[:, END_OF_TEXT] = -torch.inf
        token = choose(scores, numbers[rows], written[rows], blocks[rows])[:, None]
        tokens.append(token)
        gains.append((logits.gather(1, token) - log_sum_exp(logits, logits.amax(1, keepdim=True)))[:, 0])
    return torch.cat(tokens), torch.cat(gains)


def uniforms(seed: int, streams: np.ndarray, count: int) -> Tensor:
    """Draw `count` numbers in [0, 1) from every stream: (streams, count) float64. Streams are independent."""
    drawn = [
        np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, int(stream)])).random(count)
        for stream in streams
    ]
    return torch.from_numpy(np.array(drawn).reshape(len(streams), count))


def truncated(scores: Tensor, top_k: int | None, top_p: float) -> Tensor:
    """Set scores (rows, vocabulary) outside the `top_k`, then outside the `top_p` nucleus, to -inf.

    Ties at the edge of the top k stay. The likeliest token always stays in the nucleus.
    """
    if top_k is not None:
        least = torch.topk(scores, min(top_k, scores.shape[1])).values[:, -1:]
        scores = scores.masked_fill(scores < least, -torch.inf)
    if top_p < 1:
        ascending, order = torch.sort(scores)
        outside = ascending.softmax(1).cumsum(1) <= 1 - top_p
        outside[:, -1] = False
        scores = scores.masked_fill(outside.scatter(1, order, outside), -torch.inf)
    return scores


def inverse_cdf(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """Draw tokens (rows,) from probabilities (rows, vocabulary) by inversion of uniform numbers (rows,).

    Sums are float64. A token of probability 0 is never drawn.
    """
    cumulative = probabilities.double().cumsum(1)
    target = uniform[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, target, right=True)[:, 0]
