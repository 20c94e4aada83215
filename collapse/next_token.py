"""From final hidden states to the next token: the two-stage top-k, the repetition penalty, the banned end of text."""

from collections.abc import Iterator

import torch
from torch import Tensor

from collapse.opt import Opt
from collapse.tokenizer import END_OF_TEXT

CACHED_LOGITS = 800_000  # so many at a time, 3 MB, stay in a processor's cache through the passes over them


def logits_by_rows(model: Opt, hidden: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Logits of hidden states (rows, width) in fp32, (some rows, vocabulary), with the rows that they are of."""
    logits = model.output(hidden)
    rows = max(1, CACHED_LOGITS // logits.shape[1]) if logits.device.type == "cpu" else len(logits)
    for start in range(0, len(logits), rows):
        yield slice(start, start + rows), logits[start : start + rows].float()


def candidates(
    model: Opt, hidden: Tensor, history: Tensor | None, count: int, penalty: float = 1.0
) -> tuple[Tensor, Tensor]:
    """The `count` best next tokens in a search: log-probabilities and ids, both (rows, count).

    As in transformers, end of text is banned after the softmax, so its mass is not given to the others, and the penalty
    acts on log-probabilities. `history` (rows, tokens) holds the ids that it acts on.
    """
    best, ids = [], []
    for rows, logits in logits_by_rows(model, hidden):
        normaliser = logits.logsumexp(1, keepdim=True)
        logits[:, END_OF_TEXT] = -torch.inf
        if penalty != 1 and history is not None:
            penalize(logits.sub_(normaliser), history[rows], penalty)
            normaliser = torch.zeros_like(normaliser)
        chunk_best, chunk_ids = top(logits, count)
        best.append(chunk_best - normaliser)
        ids.append(chunk_ids)
    return torch.cat(best), torch.cat(ids)


def penalize(scores: Tensor, history: Tensor, penalty: float) -> None:
    """Keskar et al. (arXiv:1909.05858), in place: scores (rows, vocabulary) of the ids in history (rows, tokens).

    What is negative is multiplied by the penalty, what is positive is divided by it.
    """
    value = scores.gather(1, history)
    scores.scatter_(1, history, torch.where(value < 0, value * penalty, value / penalty))


def top(scores: Tensor, count: int, chunk: int = 32) -> tuple[Tensor, Tensor]:
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
