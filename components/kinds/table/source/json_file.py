"""A file of JSON Lines -> its columns; texts that are all times are times, as they are in CSV files."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from components.kinds import json_lines
from components.kinds.csv_files import texts
from components.kinds.table.source import columns

_ROWS = 65_536  # of a batch


def schema(path: Path) -> pa.Schema:
    """Return the names and types of the columns, by a look at every value.

    Raises:
        DataError: a line is no object, or a key has values of several types.
    """
    return _schema(path, path.stat().st_mtime_ns)


header = schema


@lru_cache(maxsize=4)
def _schema(path: Path, changed: int) -> pa.Schema:
    table = json_lines.read(path)
    return pa.schema([(field.name, _type(field.type, table[field.name])) for field in table.schema])


def _type(type: pa.DataType, column: pa.ChunkedArray) -> pa.DataType:
    if not pa.types.is_string(type):
        return type
    reading = texts.Reading()
    for chunk in column.chunks:
        reading.see(chunk)
    return reading.type() if pa.types.is_temporal(reading.type()) else type


def batches(path: Path, expected: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows in order, in the columns and types of `expected`.

    Raises:
        DataError: a value does not fit its type.
    """
    for batch in json_lines.read(path).to_batches(_ROWS):
        rows = [_brought(column, batch[column.name]) for column in expected]
        yield pa.record_batch(rows, schema=expected)


def _brought(expected: pa.Field, column: pa.Array) -> pa.Array:
    if pa.types.is_temporal(expected.type) and pa.types.is_string(column.type):
        return texts.brought(expected.type, column)
    return columns.brought_to(expected.type, column, expected.name)
