"""The shards that are on this disk, of those that lie elsewhere: a folder with a cap, which all processes share.

    <sha256>.npy      whole or not there; its time is that of its last use
    .turn             held by who fetches: one shard at a time, so that the cap holds for all together
    .needed           held by who waits for a shard: who only fetches ahead lets it go first

A file that is in use is held by a shared lock on it, which ends with its process; the others go when room is needed,
the one that was used longest ago first.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from components.config.errors import ConfigError, DataError
from components.config.settings import SHARD_CACHE, SHARD_CACHE_BYTES, STATE
from components.kinds.shards.index import Shard
from components.system.files import clear_drafts, must_be_writable, scratch_directory
from components.system.locks import locked, try_lock

MOST_BYTES = 10_000_000_000
_LOOK = 0.02  # seconds between two looks whether somebody waits for a shard


class ShardCache:
    """The folder."""

    def __init__(self, folder: Path, most: int) -> None:
        """Take a folder for `most` bytes; what killed processes left of a shard is cleared away."""
        self.most = most
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        clear_drafts(folder)

    def found(self, shard: Shard) -> IO[bytes] | None:
        """Return the file of the shard, which stays while it is open; None: it is not here."""
        with suppress(FileNotFoundError):
            file = (self._folder / shard.name).open("rb")
            fcntl.flock(file, fcntl.LOCK_SH)
            if _is_at(file, self._folder / shard.name):
                os.utime(file.fileno())
                return file
            file.close()
        return None

    def bring(self, shard: Shard, fetch: Callable[[Path], None], needed: bool) -> IO[bytes] | None:
        """Return the file of the shard, written by `fetch` unless it is here; None: there is no room.

        A shard that is `needed` is fetched all the same where other trainings hold all that is here.
        """
        with self._turn(needed):
            if (file := self.found(shard)) is not None:
                return file
            if not self._make_room(shard.bytes) and not needed:
                return None
            path = self._folder / shard.name
            with scratch_directory(path) as scratch:  # not waited for until it is on the disk: a reader knows the hash
                fetch(scratch / path.name)
                (scratch / path.name).replace(path)
        return self.found(shard)

    @contextmanager
    def _turn(self, needed: bool) -> Iterator[None]:
        with suppress(FileExistsError):  # it was there, and is cleared away at this moment; whoever asks tries again
            self._folder.mkdir(parents=True, exist_ok=True)  # somebody may have cleared it away meanwhile
        path = self._folder / ".needed"
        with path.open("w") as waiting:
            while not needed and not try_lock(waiting):
                time.sleep(_LOOK)
            fcntl.flock(waiting, fcntl.LOCK_SH if needed else fcntl.LOCK_UN)
            with locked(self._folder / ".turn"):
                yield

    def discard(self, shard: Shard) -> None:
        """Remove a shard."""
        (self._folder / shard.name).unlink(missing_ok=True)

    def _make_room(self, wanted: int) -> bool:
        """Remove what was used longest ago until `wanted` bytes more fit; return whether they do."""
        known = list[tuple[int, int, Path]]()
        for path in self._folder.glob("*.npy"):
            with suppress(FileNotFoundError):  # another process has found that its bytes are wrong
                known.append((path.stat().st_mtime_ns, path.stat().st_size, path))
        free = self.most - sum(size for _, size, _ in known)
        for _, size, path in sorted(known):
            if free >= wanted:
                break
            with suppress(FileNotFoundError), path.open("rb") as file:
                if try_lock(file):
                    path.unlink()
                    free += size
        return free >= wanted


def cache_folder() -> Path:
    """Return the folder that the settings name."""
    return Path(os.environ.get(SHARD_CACHE) or STATE / "shard-cache")


def shard_cache(largest: int, least: int) -> ShardCache:
    """Return the cache that the settings name.

    Args:
        largest: bytes of the largest shard.
        least: so many shards have to fit.

    Raises:
        ConfigError: they do not, the size is no number, or the folder cannot be written.
    """
    said = os.environ.get(SHARD_CACHE_BYTES) or str(MOST_BYTES)
    if not said.isdecimal():
        raise ConfigError(f"{SHARD_CACHE_BYTES} is {said!r}: expected a count of bytes, as {MOST_BYTES}")
    if int(said) < least * largest:
        raise ConfigError(
            f"{SHARD_CACHE_BYTES} is {int(said):,}, and {least} shards of {largest:,} bytes have to be here at once: "
            f"set at least {least * largest}, or make the shards smaller (prepare.shards)"
        )
    folder = cache_folder()
    must_be_writable(folder, SHARD_CACHE)
    return ShardCache(folder, int(said))


def must_be(shard: Shard, path: Path) -> None:
    """See to it that the file has the bytes that the index says.

    Raises:
        DataError: it has others.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != shard.sha256:
        size = path.stat().st_size
        raise DataError("other bytes than the index says" + (f", {size:,} of {shard.bytes:,}" * (size != shard.bytes)))


def _is_at(file: IO[bytes], path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False
