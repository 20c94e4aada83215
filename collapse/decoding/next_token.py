"""From final hidden states to the next token: the two-stage top-k, the repetition penalty, the banned end of text."""

import torch
from torch import Tensor

from collapse.corpus.tokenizer import END_OF_TEXT
from collapse.models.logits import log_sum_exp, logits_by_rows
from collapse.models.opt import Opt


def candidates(
    model: Opt, hidden: Tensor, history: Tensor | None, count: int, penalty: float = 1.0
) -> tuple[Tensor, Tensor]:
    """The `count` best next tokens in a search: log-probabilities and ids, both (rows, count).

    As in transformers, end of text is banned after the softmax, so its mass is not given to the others, and the penalty
    acts on log-probabilities. `history` (rows, tokens) holds the ids that it acts on.
    """
    best, ids = [], []
    for rows, logits in logits_by_rows(model, hidden):
        maxima = chunk_maxima(logits)
        normaliser = log_sum_exp(logits, maxima.amax(1, keepdim=True))
        logits[:, END_OF_TEXT] = -torch.inf
        maxima[:, END_OF_TEXT % maxima.shape[1]] = logits[:, END_OF_TEXT % maxima.shape[1] :: maxima.shape[1]].amax(1)
        if penalty != 1 and history is not None:
            penalize(logits.sub_(normaliser), history[rows], penalty)
            maxima, normaliser = chunk_maxima(logits), torch.zeros_like(normaliser)
        chunk_best, chunk_ids = top(logits, maxima, count)
        best.append(chunk_best - normaliser)
        ids.append(chunk_ids)
    return torch.cat(best), torch.cat(ids)


def penalize(scores: Tensor, history: Tensor, penalty: float) -> None:
    """Keskar et al. (arXiv:1909.05858), in place: scores (rows, vocabulary) of the ids in history (rows, tokens).

    What is negative is multiplied by the penalty, what is positive is divided by it.
    """
    value = scores.gather(1, history)
    scores.scatter_(1, history, torch.where(value < 0, value * penalty, value / penalty))


CHUNKS = 32


def chunk_maxima(scores: Tensor) -> Tensor:
    """Of scores (rows, width) the largest of the columns j, j + n, j + 2 n, …, for each j below n = width / 32.

    If the width is no multiple of 32, all scores: n = width.
    """
    rows, width = scores.shape
    return scores.view(rows, CHUNKS, -1).amax(1) if width % CHUNKS == 0 else scores.clone()


def top(scores: Tensor, maxima: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """`torch.topk` over rows, exactly, in two stages: the best columns of `chunk_maxima` hold the best of all."""
    width, columns = scores.shape[1], maxima.shape[1]
    if columns == width or columns < count:
        return torch.topk(scores, count)
    chosen = torch.topk(maxima, count).indices
    ids = (chosen[:, None, :] + torch.arange(CHUNKS, device=scores.device)[:, None] * columns).flatten(1)
    best, index = torch.topk(scores.gather(1, ids), count)
    return best, ids.gather(1, index)
