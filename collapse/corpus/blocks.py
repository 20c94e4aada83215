"""Text as blocks: fixed-length runs of token ids, the unit that is trained on, prompted with and written."""

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

from collapse.corpus.tokenizer import end_of_text


def to_blocks(documents: Sequence[str], tokenizer: Tokenizer, block_tokens: int) -> np.ndarray:
    """Join all documents, each behind one end-of-text token, and cut them: (blocks, block_tokens) int32.

    What is left over at the end, shorter than a block, is dropped. ValueError if not one block fills.
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
    """The first `block_tokens` tokens from where `search` first stands, running on into the next documents.

    Returns (block_tokens,) int32, or None if no document holds `search`. Shorter than asked for at the corpus's end.
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
    """Indices of `wanted` blocks in runs of `run` neighbours, the runs spread evenly over `available` blocks.

    In order, none twice; all of them if `wanted` is None or no less than what there is. With neighbours kept together
    the true continuation of most blocks is a block as well, as it is where all are kept.
    """
    if wanted is None or wanted >= available:
        return np.arange(available)
    indices: list[int] = []
    for start in range(0, wanted, run):
        shift = start * (available - wanted) // wanted  # from where it would stand if all were packed to the left
        indices += range(start + shift, min(start + run, wanted) + shift)
    return np.array(indices)
