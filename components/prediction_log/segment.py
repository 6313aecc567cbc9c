"""A segment: a file of fixed size that one process appends to, mapped to memory, and that is read after any kill.

    journeyman-log-1        16 bytes
    length  crc32  payload  each record, at a multiple of 8; the length is written last
    zeros                   up to the file's size

Pages of a mapped file belong to the kernel: what a process has written there outlives its SIGKILL. A length that is
there is of a whole record; after a loss of power the CRC tells what never came to the disk, and what did is kept.
"""

import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

from components.system.files import entries_to_disk
from components.system.slots import reserve

MAGIC = b"journeyman-log-1"
SIZE = 16 * 2**20
_HEAD, _NUMBER = struct.Struct("<II"), struct.Struct("<I")
_ALIGNED = 8


class Segment:
    """A segment that this process appends to."""

    def __init__(self, path: Path, memory: mmap.mmap, file: int) -> None:
        self.path = path
        self._memory, self._file, self._end, self._size = memory, file, len(MAGIC), len(memory)
        self._is_named = False

    @classmethod
    def create(cls, path: Path, size: int = SIZE) -> "Segment":
        """Make the file at `path`, all of it at once: a disk that is full says so here, not by a SIGBUS later.

        Raises:
            OSError: there is no room, or no leave.
        """
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            reserve(file, size)
            memory = mmap.mmap(file, size)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        memory[: len(MAGIC)] = MAGIC
        return cls(path, memory, file)

    def append(self, payload: bytes) -> bool:
        """Append a record; False: there is no room for it."""
        memory, start = self._memory, self._end
        begin = start + _HEAD.size
        end = begin + len(payload)
        if end > self._size:
            return False
        _NUMBER.pack_into(memory, start + _NUMBER.size, crc32(payload))
        memory[begin:end] = payload
        _NUMBER.pack_into(memory, start, len(payload))
        self._end = _next(end)
        return True

    def flush(self) -> None:
        """Wait until the disk has all that was appended, and the file's name.

        Raises:
            OSError: the disk does not take it; it may be tried again.
        """
        self._memory.flush()
        if not self._is_named:
            entries_to_disk(self.path.parent)
            self._is_named = True

    def close(self) -> None:
        """Wait until the disk has all of it, and give the room that was not needed back.

        Raises:
            OSError: the disk does not take it; it may be tried again.
        """
        self.flush()
        os.truncate(self._file, min(self._end, os.fstat(self._file).st_size))
        self._memory.close()
        os.close(self._file)


def write_segment(path: Path, records: Sequence[bytes]) -> None:
    """Make the file at `path` of payloads that are all there: a segment that nobody appends to.

    Raises:
        OSError: there is no room, or no leave.
    """
    segment = Segment.create(path, len(MAGIC) + sum(_next(_HEAD.size + len(payload)) for payload in records))
    for payload in records:
        segment.append(payload)
    segment.close()


def payloads(path: Path) -> Iterator[tuple[int, memoryview]]:
    """Yield where each record's payload begins in the file, and the payload; it may still be appended to.

    It ends where no whole record follows; one that is damaged, or is being rewritten, is passed over. A file without
    our head has none.
    """
    with path.open("rb") as file:
        content = memoryview(file.read())
    if bytes(content[: len(MAGIC)]) != MAGIC:
        return
    for start, length, whole in _records(content):
        if whole:
            yield start, content[start : start + length]


def damaged(path: Path) -> int:
    """Return how many records there were, at least, that are not whole: a loss of power leaves some, a kill does not.

    Raises:
        FileNotFoundError: it has been compacted meanwhile.
    """
    return len(_damage(memoryview(path.read_bytes())))


def damaged_tail(path: Path) -> int:
    """Return how many of them stand behind the last whole record, where `cut` removes them."""
    content = memoryview(path.read_bytes())
    end = _end(content)
    return sum(start >= end for start in _damage(content))


def cut(path: Path) -> None:
    """Cut off what stands behind the last whole record of a segment that nobody appends to any more.

    Raises:
        FileNotFoundError: it has been compacted meanwhile.
    """
    content = memoryview(path.read_bytes())
    if (end := _end(content)) < len(content):
        os.truncate(path, end)


def begun_us(path: Path) -> int:
    """Return when a segment was begun, microseconds since 1970, of which its name has the milliseconds."""
    return int(path.stem.rpartition("-")[2]) * 1_000


def rewrite(path: Path, start: int, payload: bytes) -> None:
    """Put a record in the place of the one whose payload begins at `start`; what is left of that becomes zeros.

    Another process may append to the segment meanwhile: it writes behind all that is there.

    Raises:
        ValueError: the record is longer than the one that is there.
    """
    with path.open("r+b") as file:
        file.seek(start - _HEAD.size)
        length, _ = _HEAD.unpack(file.read(_HEAD.size))
        if len(payload) > length:
            raise ValueError(f"{path}: {len(payload)} bytes do not fit into {length}")
        padded = payload.ljust(length, b"\0")
        file.seek(start - 4)
        file.write(crc32(padded).to_bytes(4, "little") + padded)
        file.flush()
        os.fsync(file.fileno())


def _records(content: memoryview) -> Iterator[tuple[int, int, bool]]:
    """Yield where the payload of each record begins, its length, and whether it is whole; a length of 0 ends it."""
    at = len(MAGIC)
    while at + _HEAD.size < len(content):
        length, check = _HEAD.unpack_from(content, at)
        if not length:
            return
        start = at + _HEAD.size
        yield start, length, start + length <= len(content) and crc32(content[start : start + length]) == check
        at = _next(start + length)


def _end(content: memoryview) -> int:
    """Return where the last whole record ends."""
    if bytes(content[: len(MAGIC)]) != MAGIC:
        return 0
    return max((start + length for start, length, whole in _records(content) if whole), default=len(MAGIC))


def _damage(content: memoryview) -> list[int]:
    """Return where the payloads of records begin that are not whole."""
    if bytes(content[: len(MAGIC)]) != MAGIC:
        return [0] if bytes(content).strip(b"\0") else []
    found, at = [], len(MAGIC)
    for start, length, whole in _records(content):
        at = _next(start + length)
        if not whole:
            found.append(start)
    # zeros where a head would be, and something behind: who was killed while it appended had written the CRC
    if at < len(content) and not any(content[at : at + _HEAD.size]) and bytes(content[at:]).strip(b"\0"):
        found.append(at + _HEAD.size)
    return found


def _next(end: int) -> int:
    return -(-end // _ALIGNED) * _ALIGNED
