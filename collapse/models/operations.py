"""Least number of floating-point operations for work on a model.

Each token costs 2 operations for every weight of the matrices. A layer has 12 × width² weights; its feed-forward half
is 4 × width wide. Attention costs 4 × width a layer for every token that a token sees, itself included. Embeddings,
biases, norms, softmax and the choice of beams are left out. docs/performance.md derives the numbers of OPT-125m.
"""

from collapse.models.memory import Shape


def hidden(shape: Shape, tokens: int, before: int = 0) -> float:
    """Operations for the final hidden states of `tokens` tokens after `before` tokens with cached keys and values."""
    pairs = tokens * before + tokens * (tokens + 1) / 2  # of a token and a token that it sees
    return shape.layers * (24 * shape.width**2 * tokens + 4 * shape.width * pairs)


def logits(shape: Shape, positions: int) -> float:
    """Operations for the logits of `positions` tokens."""
    return 2 * shape.vocabulary_size * shape.width * positions


def scoring(shape: Shape, tokens: int) -> float:
    """Operations for one block: hidden states of all tokens, logits of all but the last."""
    return hidden(shape, tokens) + logits(shape, tokens - 1)


def training(shape: Shape, tokens: int) -> float:
    """Operations for one block: forward, and twice as many backward, for the gradients of weights and of inputs."""
    return 3 * scoring(shape, tokens)


def beam_search(shape: Shape, prompt: int, new: int, beams: int) -> float:
    """Operations for one block: the prompt once, not once a beam; then every beam's new tokens but the last."""
    rest = hidden(shape, new - 1, prompt) + logits(shape, new - 1)
    return hidden(shape, prompt) + logits(shape, 1) + beams * rest
