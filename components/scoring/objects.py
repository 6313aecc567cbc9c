"""Objects of JSON Lines files -> chunks, in order.

Memory holds a file, for its last line may be what says of which type a key is.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from components.config.errors import DataError
from components.kinds import json_lines
from components.scoring.table import CHUNK_BYTES, NUMBER, Fields, TableChunk, brought, check_columns, columns_of, ids_as


class ObjectSource:
    """JSON Lines files with the fields of a row as keys, one file after another; other keys are passed over."""

    def __init__(self, files: Sequence[Path], fingerprint: str, fields: Fields, id: str | None, most: int) -> None:
        """Read the files once, for their keys and the number of their objects.

        Args:
            files: in their order; a key that a file has nowhere is missing in each of its objects.
            fingerprint: of the files.
            fields: that a row brings.
            id: the key with the rows' ids; None: their numbers.
            most: rows of a chunk.

        Raises:
            DataError: a file is not readable, or a key that a row needs is in none.
        """
        self.fingerprint = fingerprint
        self._files, self._fields, self._identity, self._most = files, fields, id, most
        self.count, keys = 0, dict[str, pa.Field]()
        for file in files:
            table = _read(file)
            self.count += table.num_rows
            check_columns(file, table.schema, [id] if id else [])
            keys = {**{field.name: field for field in table.schema}, **keys}
        self._columns = columns_of(pa.schema(keys.values()), fields, files[0])
        self.id = keys[id].type if id else NUMBER

    def chunks(self, start: int, /) -> Iterator[TableChunk]:
        """Yield the chunks from row `start` on."""
        index = 0
        for file in self._files:
            table = _read(file)
            size = max(1, min(self._most, CHUNK_BYTES * table.num_rows // max(1, table.nbytes)))
            for first in range(0, table.num_rows, size):
                if index + first >= start:
                    yield self._chunk(index + first, table.slice(first, size))
            index += table.num_rows

    def _chunk(self, start: int, table: pa.Table) -> TableChunk:
        arrays = [
            brought(table[key].combine_chunks(), self._fields[field][0])
            if key in table.column_names
            else pa.nulls(table.num_rows)
            for field, key in self._columns.items()
        ]
        records = pa.record_batch(arrays, names=list(self._columns))
        numbers = pa.array(range(start, start + table.num_rows), NUMBER)
        ids = ids_as(table[self._identity].combine_chunks(), self.id) if self._identity else numbers
        return TableChunk(start, ids, records)


def _read(file: Path) -> pa.Table:
    try:
        return json_lines.read(file)
    except DataError as error:
        raise DataError(f"{file}: {error}") from error
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror or error}") from error
