"""Rows of Parquet files -> chunks, in order; memory holds a chunk, whatever the size of a row group."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.config.errors import DataError

CHUNK_BYTES = 16 * 2**20
"""Of values that are handed to a process at a time."""

_BUFFER = 1 << 20  # bytes of a column read at a time, so that a large row group need not fit in memory
TYPES = {"long": pa.int64(), "double": pa.float64(), "boolean": pa.bool_()}
"""Those of a field that is neither text nor bytes."""
NUMBER = pa.int64()
"""The type of a row's number, its id where no column has one."""

Fields = Mapping[str, tuple[str, bool]]


class TableSource:
    """Parquet files with the fields of a row as columns, one file after another; other columns are passed over."""

    def __init__(self, files: Sequence[Path], fingerprint: str, fields: Fields, id: str | None, most: int) -> None:
        """Read the footers.

        Args:
            files: with the same columns.
            fingerprint: of the files.
            fields: that a row brings.
            id: the column with the rows' ids; None: their numbers.
            most: rows of a chunk.

        Raises:
            DataError: a file is not readable, or a column is missing.
        """
        self.fingerprint = fingerprint
        self._files, self._fields, self._identity, self._most = files, fields, id, most
        schemas = [_schema(file) for file in files]
        self.count = sum(_count(file) for file in files)
        self._columns = columns_of(schemas[0], fields, files[0])
        wanted = [*self._columns.values(), *([id] if id else [])]
        for file, schema in zip(files, schemas, strict=True):
            check_columns(file, schema, wanted)
        self.id = _plain(schemas[0].field(id).type) if id else NUMBER

    def chunks(self, start: int, /) -> Iterator["TableChunk"]:
        """Yield the chunks from row `start` on."""
        index = 0
        for file in self._files:
            with _opened(file) as table:
                for group in range(table.num_row_groups):
                    rows = table.metadata.row_group(group).num_rows
                    if index + rows > start:
                        yield from self._of_group(file, table, group, index, start)
                    index += rows

    def _of_group(
        self, file: Path, table: pq.ParquetFile, group: int, index: int, start: int
    ) -> Iterator["TableChunk"]:
        columns = list(dict.fromkeys([*self._columns.values(), *([self._identity] if self._identity else [])]))
        size = _rows_of_a_chunk(table, group, self._most)
        try:
            for batch in table.iter_batches(size, row_groups=[group], columns=columns, use_threads=False):
                if index >= start:
                    yield self._chunk(index, batch)
                index += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(file, error) from error

    def _chunk(self, start: int, batch: pa.RecordBatch) -> "TableChunk":
        arrays = [brought(batch.column(column), self._fields[field][0]) for field, column in self._columns.items()]
        records = pa.record_batch(arrays, names=list(self._columns))
        numbers = pa.array(range(start, start + batch.num_rows), NUMBER)
        ids = ids_as(batch.column(self._identity), self.id) if self._identity else numbers
        return TableChunk(start, ids, records)


@dataclass(frozen=True)
class TableChunk:
    """Some rows of a table, by the names of a row's fields."""

    start: int
    ids: pa.Array
    records: pa.RecordBatch

    def rows(self, most: int, /) -> list[dict[str, Any] | str]:
        """Return each row, or why it cannot be one."""
        rows = self.records.to_pylist()
        return [_too_large(row, most) or row for row in rows] if _has_uploads(self.records.schema) else rows


def _too_large(row: Mapping[str, Any], most: int) -> str | None:
    larger = [name for name, value in row.items() if isinstance(value, bytes) and len(value) > most]
    return f"{larger[0]} is larger than {most:,} bytes" if larger else None


def _has_uploads(schema: pa.Schema) -> bool:
    return any(pa.types.is_binary(type) or pa.types.is_large_binary(type) for type in schema.types)


def columns_of(schema: pa.Schema, fields: Fields, file: Path) -> dict[str, str]:
    """Return the column of each field: that of its name; of the only upload, else the only column of bytes.

    Raises:
        DataError: one that may not be missing is, all are, or there are several columns of bytes.
    """
    uploads = [name for name, (kind, _) in fields.items() if kind == "binary"]
    bytes = [column.name for column in schema if _holds_bytes(column.type)]
    found = {name: name for name in fields if name in schema.names}
    if uploads and uploads[0] not in found and len(uploads) == len(bytes) == 1:
        found[uploads[0]] = bytes[0]
    check_columns(file, schema, [name for name, (_, required) in fields.items() if required and name not in found])
    if not found:
        raise DataError(f"{file}: none of the columns {', '.join(fields)}; there are {', '.join(schema.names[:20])}")
    return found


def check_columns(file: Path, schema: pa.Schema, wanted: Iterable[str]) -> None:
    """See to it that the file has these columns.

    Raises:
        DataError: it lacks one.
    """
    missing = [name for name in wanted if name not in schema.names]
    if missing:
        raise DataError(f"{file}: no column {missing[0]!r}; there are {', '.join(schema.names[:20])}")


def _holds_bytes(type: pa.DataType) -> bool:
    inner = [field.type for field in type if field.name == "bytes"] if pa.types.is_struct(type) else [type]
    return any(pa.types.is_binary(type) or pa.types.is_large_binary(type) for type in inner)


def brought(array: pa.Array, kind: str) -> pa.Array:
    """Return a column as a caller would send it: numbers of the field's type where they fit, times in microseconds."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_struct(array.type):
        array = pc.struct_field(array, "bytes")
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)  # as pandas has what is missing
    if pa.types.is_timestamp(array.type):
        return array.cast(pa.timestamp("us", array.type.tz), safe=False)
    if kind not in TYPES:
        return array
    try:
        return array.cast(TYPES[kind])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return array  # row by row it will be said what is wrong


def ids_as(array: pa.Array, type: pa.DataType) -> pa.Array:
    """Return ids in the type that the others have.

    Raises:
        DataError: they are of another one.
    """
    try:
        return array.cast(type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"an id is not of the type that the others have ({type}): {error}") from error


def _plain(type: pa.DataType) -> pa.DataType:
    return type.value_type if pa.types.is_dictionary(type) else type


def _rows_of_a_chunk(table: pq.ParquetFile, group: int, most: int) -> int:
    about = table.metadata.row_group(group)
    fitting: int = CHUNK_BYTES * about.num_rows // max(1, about.total_byte_size)
    return max(1, min(most, fitting))


def _count(file: Path) -> int:
    with _opened(file) as table:
        count: int = table.metadata.num_rows
    return count


def _schema(file: Path) -> pa.Schema:
    with _opened(file) as table:
        return table.schema_arrow


def _opened(file: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> DataError:
    said = " ".join(str(error).split())
    return DataError(f"{file}: no whole Parquet file, truncated or of another format ({said})")
