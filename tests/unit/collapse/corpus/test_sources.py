import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collapse.corpus.sources import (
    SourceError,
    local_files,
    pydoc_topics,
    read_lines,
    stdlib_docstrings,
    with_validation,
)


def test_no_paragraph_of_the_embedded_text_is_trained_and_tested_on():
    documents = pydoc_topics(0.05, 0.15)
    train, test = set(documents["train"]), set(documents["test"])
    assert not train & test
    assert len(train) > 500 and len(test) > 200
    assert sum(len(text.split()) for text in train) > 20_000


def test_the_default_passage_is_in_the_test_split():
    passage = "Variables defined in the class definition are class"
    assert any(passage in text for text in pydoc_topics(0.05, 0.15)["test"])


def test_the_pretraining_text_is_prose_of_the_standard_library():
    documents = stdlib_docstrings()
    assert sum(len(text.split()) for text in documents) > 150_000
    assert len(set(documents)) == len(documents)


def test_lines_are_documents_blank_ones_too(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(" = Title = \n \nText @-@ with marks .\n")
    assert read_lines(path) == [" = Title = \n", " \n", "Text @-@ with marks .\n"]


@pytest.mark.parametrize(
    ("content", "message"), [(b"na\xefve", "not UTF-8.*0xef at position 2"), (b"", "no text"), (b" \n\n", "no text")]
)
def test_unusable_text_is_refused_by_name(tmp_path, content, message):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=f"a.txt: .*{message}"):
        read_lines(path)


def test_tables_and_text_give_the_same_documents(tmp_path):
    pq.write_table(pa.table({"text": ["one\n", "two\n"]}), tmp_path / "a.parquet")
    (tmp_path / "b.txt").write_text("one\ntwo\n")
    documents = local_files(tmp_path, {"train": "a.parquet", "test": "b.txt"}, "text")
    assert documents["train"] == documents["test"]


def test_a_missing_column_is_named_with_those_that_exist(tmp_path):
    pq.write_table(pa.table({"body": ["one"]}), tmp_path / "a.parquet")
    with pytest.raises(SourceError, match="no column 'text'; its columns are body"):
        local_files(tmp_path, {"train": "a.parquet"}, "text")


def test_a_damaged_table_is_refused_by_name(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(SourceError, match=r"a\.parquet: not a readable parquet file"):
        local_files(tmp_path, {"train": "a.parquet"}, "text")


def test_validation_text_is_held_out_of_training():
    documents = with_validation({"train": list("abcdefghij"), "test": ["t"]}, 0.2)
    assert documents == {"train": list("abcdefgh"), "validation": ["i", "j"], "test": ["t"]}
