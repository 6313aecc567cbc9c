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
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

from components.system.slots import reserve

MAGIC = b"journeyman-log-1"
SIZE = 16 * 2**20
_HEAD = struct.Struct("<II")
_ALIGNED = 8


class Segment:
    """A segment that this process appends to."""

    def __init__(self, path: Path, memory: mmap.mmap, file: int) -> None:
        self.path = path
        self._memory, self._file, self._end = memory, file, len(MAGIC)

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
        if end > len(memory):
            return False
        memory[start + 4 : end] = crc32(payload).to_bytes(4, "little") + payload
        memory[start : start + 4] = len(payload).to_bytes(4, "little")
        self._end = _next(end)
        return True

    def flush(self) -> None:
        """Wait until the disk has all that was appended."""
        self._memory.flush()

    def close(self) -> None:
        """Wait until the disk has all of it, and give the room that was not needed back."""
        self._memory.flush()
        self._memory.close()
        os.truncate(self._file, min(self._end, os.fstat(self._file).st_size))
        os.close(self._file)


def payloads(path: Path) -> Iterator[tuple[int, memoryview]]:
    """Yield where each record's payload begins in the file, and the payload; it may still be appended to.

    It ends where no whole record follows; one that is damaged, or is being rewritten, is passed over. A file without
    our head has none.
    """
    with path.open("rb") as file:
        content = memoryview(file.read())
    if bytes(content[: len(MAGIC)]) != MAGIC:
        return
    for start, length in _whole(content):
        yield start, content[start : start + length]


def cut(path: Path) -> None:
    """Cut off what stands behind the last whole record of a segment that nobody appends to any more.

    Raises:
        FileNotFoundError: it has been compacted meanwhile.
    """
    content = memoryview(path.read_bytes())
    if bytes(content[: len(MAGIC)]) != MAGIC:
        end = 0
    else:
        end = max((start + length for start, length in _whole(content)), default=len(MAGIC))
    if end < len(content):
        os.truncate(path, end)


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


def _whole(content: memoryview) -> Iterator[tuple[int, int]]:
    at = len(MAGIC)
    while (found := _record(content, at)) or (found := _after_damage(content, at)):
        start, length = found
        yield start, length
        at = _next(start + length)


def _record(content: memoryview, at: int) -> tuple[int, int] | None:
    """Return where the payload of a whole record begins that has its head at `at`, and its length."""
    start = at + _HEAD.size
    if start >= len(content):
        return None
    length, check = _HEAD.unpack_from(content, at)
    if not length or start + length > len(content) or crc32(content[start : start + length]) != check:
        return None
    return start, length


def _after_damage(content: memoryview, at: int) -> tuple[int, int] | None:
    """Return the next whole record behind a damaged one whose length is right."""
    while at + _HEAD.size < len(content) and (length := _HEAD.unpack_from(content, at)[0]):
        at = _next(at + _HEAD.size + length)
        if found := _record(content, at):
            return found
    return None


def _next(end: int) -> int:
    return -(-end // _ALIGNED) * _ALIGNED
