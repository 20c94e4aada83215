"""Estimates of the memory of a job, in bytes, from the shape of the model. A job that would not fit never starts.

docs/performance.md compares the estimates with measurements.
"""

from dataclasses import dataclass

LIBRARIES = 400_000_000  # Python, torch and the tables of a job
UNUSED = 1.15  # ratio of allocated memory to used memory, since tensors of many sizes come and go
BYTES = {"float32": 4, "bfloat16": 2}
GIGABYTE = 1e9


class TooLittleMemory(ValueError):
    """A job needs more memory than it may take. The message names the keys that decide it."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a model."""

    vocabulary_size: int
    layers: int
    width: int
    heads: int
    positions: int
    output_matrix: bool = False  # whether the output matrix is not the embedding
    by_transformers: bool = False  # whether transformers computes the model: it keeps more, such as all logits

    @property
    def weights(self) -> int:
        """Number of weights of an OPT with feed-forward layers of 4 × width; an upper bound for other models."""
        layer = 12 * self.width**2 + 13 * self.width
        rows = self.vocabulary_size * (1 + self.output_matrix) + self.positions + 2
        return rows * self.width + self.layers * layer + 2 * self.width


def finetuning(
    shape: Shape, *, tokens: int, micro_batch_blocks: int, threads: int, precision: str, selects: bool = False
) -> int:
    """Estimate training: weights, one gradient a thread, two moments, both packed layouts, and each thread's blocks.

    `selects` adds the weights of the best epoch, and two copies of the weights that are scored after an epoch.
    """
    size = BYTES[precision]
    rows = micro_batch_blocks * tokens
    if shape.by_transformers:
        return _autograd_finetuning(shape, rows=rows, threads=threads, rounds=size < 4, selects=selects)
    state = shape.weights * (4 * (1 + threads + 2) + 2 * size + 3 * 4 * selects)
    saved = shape.layers * (8 * shape.width + size * (10 * shape.width + shape.heads * tokens))
    passing = 4 * 20 * shape.width + 2 * shape.layers * shape.width  # temporary rows and dropout masks
    logits = 1024 * shape.vocabulary_size * size
    return int(LIBRARIES + UNUSED * (state + threads * (rows * (saved + passing) + logits)))


def _autograd_finetuning(shape: Shape, *, rows: int, threads: int, rounds: bool, selects: bool) -> int:
    """Estimate training by autograd: weights, gradients, moments; each thread's saved tensors, logits and copies."""
    state = shape.weights * 4 * (1 + threads + 2 + selects)
    saved = rows * 4 * (20 * shape.layers * shape.width + 4 * shape.vocabulary_size)
    passing = 4 * shape.vocabulary_size * shape.width + 2 * rounds * shape.weights  # a copy of the largest gradient
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
    """Estimate generation: weights and their packed copy, keys and values, one token's logits a beam.

    `verifies` adds the model of a verifier in float32.
    """
    size = BYTES[precision]
    rows = prompt + 8 * beams + 2 * new_tokens
    passing = max(prompt * 16 * shape.width * size, beams * shape.vocabulary_size * size)
    if shape.by_transformers:  # keys and values of every beam, copied when beams change; the logits of all steps
        rows = 2 * beams * (prompt + new_tokens)
        passing = 4 * shape.vocabulary_size * max(beams * (new_tokens + 6), 3 * (prompt + new_tokens))
    cache = 2 * shape.layers * shape.width * rows * size
    weights = shape.weights * (4 + 2 * size + 3 * 4 * verifies)
    return int(LIBRARIES + UNUSED * (weights + batch_blocks * (cache + passing)))


def scoring(shape: Shape, *, tokens: int, batch_blocks: int, precision: str) -> int:
    """Estimate scoring: the weights of two models, a batch's rows inside one layer, and the logits of some rows."""
    size = BYTES[precision]
    passing = batch_blocks * tokens * (16 * shape.width + shape.heads * tokens) * size
    return LIBRARIES + 2 * shape.weights * (4 + 2 * size) + passing + 2 * 256 * shape.vocabulary_size * 4


def check(needed: int, gigabytes: float, work: str, key: str | None = None) -> None:
    """Raise TooLittleMemory if `needed` bytes exceed `gigabytes`. `key` names the option that lowers the need."""
    if needed > gigabytes * GIGABYTE:
        remedy = f"raise it, or lower {key}" if key else "raise it, or choose a smaller model"
        raise TooLittleMemory(
            f"memory_gigabytes: {gigabytes:g}: {work} would take about {needed / GIGABYTE:.1f} GB; {remedy}"
        )
