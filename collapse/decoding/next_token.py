"""Choice of the next token from final hidden states: two-stage top-k, repetition penalty, banned end of text."""

import torch
from torch import Tensor

from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.models.logits import log_sum_exp, logits_by_rows
from collapse.models.opt import Opt


def candidates(
    model: Opt, hidden: Tensor, history: Tensor | None, count: int, penalty: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Return log-probabilities and ids of the `count` best next tokens of hidden states (rows, width): (rows, count).

    As in transformers, the penalty acts on log-probabilities, of the ids in `history` (rows, tokens). End of text is
    banned after the softmax, so the other tokens do not get its probability.
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
    """Apply the repetition penalty in place to scores (rows, vocabulary) of the ids in history (rows, tokens).

    Negative scores are multiplied by the penalty, positive scores are divided by it (Keskar et al., arXiv:1909.05858).
    """
    value = scores.gather(1, history)
    scores.scatter_(1, history, torch.where(value < 0, value * penalty, value / penalty))


CHUNKS = 32


def chunk_maxima(scores: Tensor) -> Tensor:
    """Return the largest of the columns j, j + n, j + 2 n, … of scores (rows, width), for each j < n = width / 32.

    If 32 does not divide the width, n is the width and all scores are returned: (rows, n).
    """
    rows, width = scores.shape
    return scores.view(rows, CHUNKS, -1).amax(1) if width % CHUNKS == 0 else scores.clone()


def top(scores: Tensor, maxima: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return exactly `torch.topk` of each row, in two stages: the best `chunk_maxima` lead to the best scores."""
    width, columns = scores.shape[1], maxima.shape[1]
    if columns == width or columns < count:
        return torch.topk(scores, count)
    chosen = torch.topk(maxima, count).indices
    ids = (chosen[:, None, :] + torch.arange(CHUNKS, device=scores.device)[:, None] * columns).flatten(1)
    best, index = torch.topk(scores.gather(1, ids), count)
    return best, ids.gather(1, index)
