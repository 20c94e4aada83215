"""How much memory a job takes, so that one that would not fit is refused before it starts.

Estimates in bytes, from the shape of the model; docs/performance.md compares them with what was measured.
"""

from dataclasses import dataclass

LIBRARIES = 400_000_000  # what Python, torch and the tables take by themselves
UNUSED = 1.15  # what the allocator holds beside what is in use at a time, where tensors of many sizes come and go
BYTES = {"float32": 4, "bfloat16": 2}
GIGABYTE = 1e9


class TooLittleMemory(ValueError):
    """A job needs more memory than it may take; the message names the keys that decide it."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a model."""

    vocabulary_size: int
    layers: int
    width: int
    heads: int
    positions: int
    output_matrix: bool = False  # one of its own, which is not the embedding
    by_transformers: bool = False  # who keeps more, the logits of all tokens among it

    @property
    def weights(self) -> int:
        """Number of weights of an OPT whose feed-forward layers are four times the width; of others, a bound."""
        layer = 12 * self.width**2 + 13 * self.width
        rows = self.vocabulary_size * (1 + self.output_matrix) + self.positions + 2
        return rows * self.width + self.layers * layer + 2 * self.width


def finetuning(
    shape: Shape, *, tokens: int, micro_batch_blocks: int, threads: int, precision: str, selects: bool = False
) -> int:
    """Weights, a gradient a thread, two moments, weights laid out both ways; and what each thread's blocks save.

    A training that selects among its epochs also holds the best weights, and those it judges as read and as laid out.
    """
    size = BYTES[precision]
    rows = micro_batch_blocks * tokens
    if shape.by_transformers:
        return _autograd_finetuning(shape, rows=rows, threads=threads, rounds=size < 4, selects=selects)
    state = shape.weights * (4 * (1 + threads + 2) + 2 * size + 3 * 4 * selects)
    saved = shape.layers * (8 * shape.width + size * (10 * shape.width + shape.heads * tokens))
    passing = 4 * 20 * shape.width + 2 * shape.layers * shape.width  # temporary rows, and dropout's masks
    logits = 1024 * shape.vocabulary_size * size
    return int(LIBRARIES + UNUSED * (state + threads * (rows * (saved + passing) + logits)))


def _autograd_finetuning(shape: Shape, *, rows: int, threads: int, rounds: bool, selects: bool) -> int:
    """Weights, a gradient a thread, two moments; and of each thread what it saves, logits, rounded weights."""
    state = shape.weights * 4 * (1 + threads + 2 + selects)
    saved = rows * 4 * (20 * shape.layers * shape.width + 4 * shape.vocabulary_size)
    passing = 4 * shape.vocabulary_size * shape.width + 2 * rounds * shape.weights  # the largest gradient once more
    return int(LIBRARIES + UNUSED * (state + threads * (saved + passing)))


def generation(
    shape: Shape,
    *,
    prompt: int,
    new_tokens: int,
    beams: int,
    batch_blocks: int,
    precision: str,
    verifies: bool = False,
) -> int:
    """Weights as read and as laid out; keys and values; logits of one token a beam; a verifier's model in float32."""
    size = BYTES[precision]
    rows = prompt + 8 * beams + 2 * new_tokens
    passing = max(prompt * 16 * shape.width * size, beams * shape.vocabulary_size * size)
    if shape.by_transformers:  # keys and values of every beam, twice as beams change; the logits of all steps
        rows = 2 * beams * (prompt + new_tokens)
        passing = 4 * shape.vocabulary_size * max(beams * (new_tokens + 6), 3 * (prompt + new_tokens))
    kept = 2 * shape.layers * shape.width * rows * size
    weights = shape.weights * (4 + 2 * size + 3 * 4 * verifies)
    return int(LIBRARIES + UNUSED * (weights + batch_blocks * (kept + passing)))


def scoring(shape: Shape, *, tokens: int, batch_blocks: int, precision: str) -> int:
    """Weights of two models, and a batch's rows on their way through a layer; logits exist for some rows only."""
    size = BYTES[precision]
    passing = batch_blocks * tokens * (16 * shape.width + shape.heads * tokens) * size
    return LIBRARIES + 2 * shape.weights * (4 + 2 * size) + passing + 2 * 256 * shape.vocabulary_size * 4


def check(needed: int, gigabytes: float, work: str, key: str | None = None) -> None:
    """Raise TooLittleMemory if `needed` bytes are more than a job may take; `key`, if given, could lower them."""
    if needed > gigabytes * GIGABYTE:
        remedy = f"raise it, or lower {key}" if key else "raise it, or choose a smaller model"
        raise TooLittleMemory(
            f"memory_gigabytes: {gigabytes:g}: {work} would take about {needed / GIGABYTE:.1f} GB; {remedy}"
        )
