"""Blocks: fixed-length runs of token ids. Training, prompting and writing all work on blocks."""

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

from collapse.corpus.tokenizer import end_of_text


def to_blocks(documents: Sequence[str], tokenizer: Tokenizer, block_tokens: int) -> np.ndarray:
    """Join all documents, each after one end-of-text token, and cut the result: (blocks, block_tokens) int32.

    An incomplete block at the end is dropped. Raises ValueError if the text does not fill one block.
    """
    ids: list[int] = []
    before = end_of_text(tokenizer)
    for encoding in tokenizer.encode_batch(list(documents), add_special_tokens=False):
        ids.append(before)
        ids.extend(encoding.ids)
    blocks = len(ids) // block_tokens
    if blocks == 0:
        raise ValueError(f"{len(ids)} tokens, fewer than one block of {block_tokens}; give more text")
    return np.asarray(ids[: blocks * block_tokens], dtype=np.int32).reshape(blocks, block_tokens)


def passage(documents: Sequence[str], search: str, tokenizer: Tokenizer, block_tokens: int) -> np.ndarray | None:
    """Return `block_tokens` tokens from the first occurrence of `search`, continued into the next documents.

    The result is (block_tokens,) int32, or shorter at the end of the corpus. It is None if no document holds `search`.
    """
    for index, document in enumerate(documents):
        start = document.find(search)
        if start >= 0:
            ids = tokenizer.encode(document[start:], add_special_tokens=False).ids
            for following in documents[index + 1 :]:
                if len(ids) >= block_tokens:
                    break
                ids += [end_of_text(tokenizer), *tokenizer.encode(following, add_special_tokens=False).ids]
            return np.asarray(ids[:block_tokens], dtype=np.int32)
    return None


def evenly_spaced(available: int, wanted: int | None, run: int = 1) -> np.ndarray:
    """Return ascending indices of `wanted` blocks, in runs of `run` neighbours spread evenly over `available` blocks.

    Returns all indices if `wanted` is None or at least `available`. Neighbours stay together so that, for most selected
    blocks, the block that continues their text is selected too.
    """
    if wanted is None or wanted >= available:
        return np.arange(available)
    indices: list[int] = []
    for start in range(0, wanted, run):
        shift = start * (available - wanted) // wanted  # distance from the place of the run without any gaps
        indices += range(start + shift, min(start + run, wanted) + shift)
    return np.array(indices)
