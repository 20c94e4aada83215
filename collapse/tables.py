"""Parquet tables: blocks of tokens with columns beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from collapse.artefacts import ArtefactError, whole_file


def write_blocks(path: Path, blocks: np.ndarray, columns: Mapping[str, Sequence[Any] | np.ndarray]) -> None:
    """Write Parquet: `blocks` (rows, tokens) as the int32 column `input_ids`, and other columns of as many rows."""
    ids = pa.FixedSizeListArray.from_arrays(pa.array(blocks.astype(np.int32).ravel()), blocks.shape[1])
    table = pa.table({"input_ids": ids, **{name: pa.array(values) for name, values in columns.items()}})
    with whole_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def write_columns(path: Path, columns: Mapping[str, Any]) -> None:
    """Write Parquet with the given columns."""
    with whole_file(path) as temporary:
        pq.write_table(pa.table(dict(columns)), temporary, compression="zstd")


def read_blocks(path: Path) -> tuple[np.ndarray, pa.Table]:
    """Read a file of `write_blocks`: the blocks, (blocks, tokens) int32, and the whole table.

    Raises ArtefactError if the file has no rows.
    """
    table = pq.ParquetFile(path).read()  # read_table would import pandas first
    ids = table.column("input_ids").combine_chunks()
    if table.num_rows == 0:
        raise ArtefactError(f"{path}: the file has no rows; delete it and run again")
    return ids.flatten().to_numpy().reshape(table.num_rows, -1).copy(), table  # torch needs writable memory
