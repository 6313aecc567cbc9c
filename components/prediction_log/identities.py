"""Whom a row is of, as a keyed hash: the log can be searched for somebody, and tombstones name nobody.

The key is the log's own, 32 random bytes in the file `key`: without it a hash cannot be found by trying all names.
"""

import os
import struct
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from components.prediction_log.description import Description
from components.system.files import whole_file
from components.system.locks import locked

EVENT, REQUEST = "event_id", "request_id"
"""The columns that an answer's own identity stands for, and its request's, with the row (`request_of`)."""
ALWAYS = 2**63 - 1
"""Microseconds since 1970 that never come."""
TOMBSTONES = "tombstones"
"""The file of what has been erased."""
_KEY = "key"
_BYTES = 8
_TOMBSTONE = struct.Struct("<8sq")


class Identities:
    """The hashes of one log."""

    def __init__(self, folder: Path) -> None:
        """Read the key of the log in `folder`, or make one."""
        self._key = _key(folder)

    def hash(self, column: str, value: object) -> bytes:
        """Return the hash of a value in a column, 8 bytes."""
        return blake2b(f"{column}={value}".encode(), digest_size=_BYTES, key=self._key).digest()

    def of(self, event_id: str, record: Mapping[str, Any], description: Description) -> list[bytes]:
        """Return the hashes by which a row can be asked for: of its event id, its key, and of its entities."""
        columns = (*description.entities, *([description.key] if description.key else ()))
        named = [(column, record[column]) for column in columns if record.get(column) not in (None, "")]
        return [self.hash(EVENT, event_id), *(self.hash(column, value) for column, value in named)]


def request_of(request_id: str, row: int) -> str:
    """Return how a row of a request is called in the column `REQUEST`."""
    return f"{request_id} {row}"


def bury(folder: Path, hashes: Iterable[bytes], until_us: int = ALWAYS) -> None:
    """Have nothing with these hashes come back into the log, whatever is restored or compacted later.

    Args:
        folder: of the log.
        hashes: whose.
        until_us: microseconds since 1970; rows that are answered later are kept.
    """
    with (folder / TOMBSTONES).open("ab") as file:
        if torn := file.tell() % _TOMBSTONE.size:  # by a loss of power
            file.truncate(file.tell() - torn)
        file.write(b"".join(_TOMBSTONE.pack(hash, until_us) for hash in hashes))
        file.flush()
        os.fsync(file.fileno())


def buried(folder: Path) -> Mapping[bytes, int]:
    """Return the hashes of what has been erased, with the time until which they count, microseconds since 1970."""
    content = b""
    with suppress(FileNotFoundError):
        content = (folder / TOMBSTONES).read_bytes()
    whole = content[: len(content) // _TOMBSTONE.size * _TOMBSTONE.size]
    return dict(_TOMBSTONE.iter_unpack(whole))


def is_buried(folder: Path, column: str, value: str) -> bool:
    """Whether there is a tombstone of a value in a column."""
    return (folder / TOMBSTONES).exists() and Identities(folder).hash(column, value) in buried(folder)


def _key(folder: Path) -> bytes:
    path = folder / _KEY
    with suppress(FileNotFoundError):
        return path.read_bytes()
    with locked(folder / f".{_KEY}.lock"):
        if not path.exists():
            with whole_file(path) as draft:
                draft.touch(mode=0o600)
                draft.write_bytes(os.urandom(32))
    return path.read_bytes()
