import pytest

from collapse.corpus.blocks import evenly_spaced, passage, to_blocks
from collapse.corpus.special_tokens import END_OF_TEXT
from collapse.corpus.tokenizer import train_tokenizer

DOCUMENTS = ["the cat sat on the mat", "and the dog sat on the cat", "so there"]
TOKENIZER = train_tokenizer(DOCUMENTS, 270)


def test_blocks_are_the_documents_in_order_each_behind_an_end_of_text():
    ids = [token for text in DOCUMENTS for token in (END_OF_TEXT, *TOKENIZER.encode(text).ids)]
    blocks = to_blocks(DOCUMENTS, TOKENIZER, 8)
    assert blocks.ravel().tolist() == ids[: len(ids) // 8 * 8]


def test_text_shorter_than_a_block_is_refused_with_its_length():
    with pytest.raises(ValueError, match=r"\d+ tokens, fewer than one block of 64"):
        to_blocks(["so"], TOKENIZER, 64)


def test_kept_blocks_are_spread_and_in_order():
    assert evenly_spaced(10, 4).tolist() == [0, 2, 5, 7]
    assert evenly_spaced(20, 8, run=4).tolist() == [0, 1, 2, 3, 10, 11, 12, 13]
    assert evenly_spaced(20, 7, run=3).tolist() == [0, 1, 2, 8, 9, 10, 17]
    assert evenly_spaced(3, None).tolist() == evenly_spaced(3, 9).tolist() == [0, 1, 2]


def test_a_passage_begins_where_it_is_found_and_runs_on():
    found = passage(DOCUMENTS, "dog", TOKENIZER, 12)
    assert found is not None
    assert TOKENIZER.decode(found.tolist(), skip_special_tokens=True).startswith("dog sat on")
    assert len(found) == 12
    assert passage(DOCUMENTS, "no such words", TOKENIZER, 12) is None
