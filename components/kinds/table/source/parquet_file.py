"""A Parquet file -> its columns as they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from components.kinds.table.source import columns

_ROWS = 65_536  # of a batch
_BUFFER = 1 << 20  # bytes of a column read at a time, so that a large row group need not fit in memory


def schema(file: Path | BinaryIO) -> pa.Schema:
    """Return the names and types of the columns; text has one type, whichever way it is kept."""
    return pa.schema([(column.name, columns.plain(column.type)) for column in pq.read_schema(file)])


header = schema


def batches(path: Path, expected: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows in order, in the columns and types of `expected`.

    Raises:
        DataError: a value does not fit its type.
    """
    with pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
        for batch in file.iter_batches(_ROWS, use_threads=False):
            rows = [columns.brought_to(column.type, batch[column.name], column.name) for column in expected]
            yield pa.record_batch(rows, schema=expected)
