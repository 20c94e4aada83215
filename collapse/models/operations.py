"""Floating-point operations that work on a model cannot do without.

Two for every weight of the matrices and token, 12 × width² weights a layer, whose feed-forward half is 4 × width wide;
for attention, 4 × width a layer for every token that a token sees, itself included. Embedding a token costs nothing.
Biases, norms, softmax and the choice of beams are left out. docs/performance.md derives the numbers of OPT-125m.
"""

from collapse.models.memory import Shape


def hidden(shape: Shape, tokens: int, before: int = 0) -> float:
    """Final hidden states of `tokens` tokens that stand behind `before` others, which are computed already."""
    seen = tokens * before + tokens * (tokens + 1) / 2
    return shape.layers * (24 * shape.width**2 * tokens + 4 * shape.width * seen)


def logits(shape: Shape, positions: int) -> float:
    return 2 * shape.vocabulary_size * shape.width * positions


def scoring(shape: Shape, tokens: int) -> float:
    """One block: hidden states of all tokens, logits of all but the last."""
    return hidden(shape, tokens) + logits(shape, tokens - 1)


def training(shape: Shape, tokens: int) -> float:
    """One block: forward, and backward twice as much, for the gradients of weights and of what they multiply."""
    return 3 * scoring(shape, tokens)


def beam_search(shape: Shape, prompt: int, new: int, beams: int) -> float:
    """One block: the prompt once, not once a beam, for the first token; then all beams' tokens but the last."""
    rest = hidden(shape, new - 1, prompt) + logits(shape, new - 1)
    return hidden(shape, prompt) + logits(shape, 1) + beams * rest
