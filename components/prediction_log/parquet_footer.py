"""How many rows a Parquet file has, by its footer alone: an endpoint has no pyarrow.

The footer is a Thrift struct (`FileMetaData` of parquet.thrift) in the compact protocol, its third field the number of
rows; the protocol: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from pathlib import Path
from typing import BinaryIO

_MAGIC = b"PAR1"
_ROWS = 3
_BOOLEANS, _INTEGERS, _LISTS = (1, 2), (4, 5, 6), (9, 10)
_BYTE, _DOUBLE, _BINARY, _STRUCT = 3, 7, 8, 12
"""Types of the compact protocol; a map is in no field before the one that is wanted."""


def row_count(path: Path) -> int:
    """Return the number of rows of the file at `path`; 0 where it is no Parquet file."""
    with path.open("rb") as file:
        footer = _footer(file)
    if footer is None:
        return 0
    try:
        return _Compact(footer).field(_ROWS)
    except IndexError:
        return 0


def _footer(file: BinaryIO) -> bytes | None:
    size = file.seek(0, 2)
    if size < 12:
        return None
    file.seek(size - 8)
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != _MAGIC or length > size - 12:
        return None
    file.seek(size - 8 - length)
    return file.read(length)


class _Compact:
    """Reads a struct from its beginning."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def field(self, wanted: int) -> int:
        """Return an integer field of the struct; 0 where it is missing."""
        number = 0
        while kind := self._byte():
            number = number + (kind >> 4) if kind >> 4 else self._integer()
            if number == wanted:
                return self._integer()
            self._skip(kind & 15)
        return 0

    def _skip(self, kind: int) -> None:
        if kind in _INTEGERS:
            self._varint()
        elif kind in _LISTS:
            self._skip_list()
        elif kind == _BINARY:
            length = self._varint()
            self._at += length
        elif kind == _STRUCT:
            self._skip_struct()
        else:
            self._at += {_BYTE: 1, _DOUBLE: 8}.get(kind, 0)  # a boolean is in its type

    def _skip_list(self) -> None:
        head = self._byte()
        count = head >> 4 if head >> 4 != 15 else self._varint()
        for _ in range(count):
            self._skip(_BYTE if head & 15 in _BOOLEANS else head & 15)

    def _skip_struct(self) -> None:
        while kind := self._byte():
            if not kind >> 4:
                self._varint()
            self._skip(kind & 15)

    def _integer(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)  # zigzag

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _byte(self) -> int:
        self._at += 1
        return self._content[self._at - 1]
