"""Rows of CSV files -> chunks, in order; read as the table was that the workload was trained from."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from components.config.errors import DataError
from components.kinds.csv_files import reader, texts
from components.scoring.table import CHUNK_BYTES, NUMBER, TYPES, Fields, TableChunk, check_columns, columns_of

Result = TypeVar("Result")

_EXPANDED = 8  # times a text is larger in memory, at most


class TextSource:
    """CSV files with the fields of a row as columns, one file after another; other columns are passed over."""

    def __init__(self, files: Sequence[Path], fingerprint: str, fields: Fields, id: str | None, most: int) -> None:
        """Read the headers, and count the rows.

        Args:
            files: with the same columns, in any order.
            fingerprint: of the files.
            fields: that a row brings.
            id: the column with the rows' ids; None: their numbers.
            most: rows of a chunk.

        Raises:
            DataError: a file is not readable, or a column is missing.
        """
        self.fingerprint = fingerprint
        self._files, self._fields, self._identity = files, fields, id
        headers = [_told(file, partial(reader.header, file)) for file in files]
        self._columns = columns_of(headers[0], fields, files[0])
        wanted = dict.fromkeys([*self._columns.values(), *([id] if id else [])])
        for file, header in zip(files, headers, strict=True):
            check_columns(file, header, wanted)
        self._wanted = list(wanted)
        counts = [sum(batch.num_rows for batch in self._batches(file)) for file in files]
        self.count = sum(counts)
        bytes = _EXPANDED * sum(file.stat().st_size for file in files)
        self._most = max(1, min(most, CHUNK_BYTES * self.count // max(1, bytes)))
        self.id = TYPES.get(fields.get(id, ("string", False))[0], pa.string()) if id else NUMBER

    def chunks(self, start: int, /) -> Iterator[TableChunk]:
        """Yield the chunks from row `start` on."""
        index = 0
        held: list[pa.RecordBatch] = []
        waiting = 0
        for file in self._files:
            for batch in self._batches(file):
                held.append(batch)
                waiting += batch.num_rows
                while waiting >= self._most:
                    table = pa.Table.from_batches(held)
                    if index >= start:
                        yield self._chunk(index, table.slice(0, self._most))
                    held, waiting = table.slice(self._most).to_batches(), waiting - self._most
                    index += self._most
        if waiting and index >= start:
            yield self._chunk(index, pa.Table.from_batches(held))

    def _batches(self, file: Path) -> Iterator[pa.RecordBatch]:
        """Yield the rows that say anything, in the columns that are wanted."""
        batches = reader.rows(file, self._wanted)
        while (batch := _told(file, partial(next, batches, None))) is not None:
            yield reader.filled(batch)

    def _chunk(self, start: int, table: pa.Table) -> TableChunk:
        (batch,) = table.combine_chunks().to_batches(max_chunksize=None)
        arrays = [_brought(batch.column(column), self._fields[field][0]) for field, column in self._columns.items()]
        records = pa.record_batch(arrays, names=list(self._columns))
        if not self._identity:
            return TableChunk(start, pa.array(range(start, start + batch.num_rows), NUMBER), records)
        return TableChunk(start, self._ids(batch.column(self._identity)), records)

    def _ids(self, said: pa.Array) -> pa.Array:
        try:
            return texts.brought(self.id, said)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(f"an id is not of the type that the others have ({self.id}): {error}") from error


def _brought(said: pa.Array, kind: str) -> pa.Array:
    """Return a column in the type of its field; where a text says no value of it, all as texts."""
    type = TYPES.get(kind, pa.string())
    try:
        return texts.brought(type, said)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return texts.told(said)  # row by row it will be said what is wrong


def _told(file: Path, read: Callable[[], Result]) -> Result:
    """Put the file's name before what is wrong with it, and say in one line that it is not readable."""
    try:
        return read()
    except DataError as error:
        raise DataError(f"{file}: {error}") from error
    except (pa.ArrowException, OSError, UnicodeError) as error:
        said = " ".join(str(error).split())
        raise DataError(f"{file}: no whole CSV file, truncated or of another format ({said})") from error
