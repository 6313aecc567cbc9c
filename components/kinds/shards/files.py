"""The files of an array's shards: those at the address itself, or the cache's, to which they are brought from there."""

import errno
import os
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from components.config.errors import ConfigError, DataError, PublishedError
from components.config.settings import SHARD_CACHE, SHARD_CACHE_BYTES, SHARDS, shard_address
from components.kinds.shards.cache import ShardCache, cache_folder, must_be, shard_cache
from components.kinds.shards.index import Shard, ShardIndex
from components.kinds.shards.order import WINDOW
from components.system.address import Address
from components.system.refusal import refusal

READ_BESIDE = 2
"""Shards of another split that may be here besides: the one that is read, and the next."""
LEAST = 2 * WINDOW + READ_BESIDE
"""Shards that have to be here at once: those of a window, of the next one, and of another split."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_MOST_HELD = 64  # shards: each is an open file


class ShardFiles:
    """Opens shards, and sees to it once a process that each has the bytes that the index says."""

    def __init__(self, index: ShardIndex, path: Path) -> None:
        """Take the index at `path`; nothing is read.

        Raises:
            ConfigError: the address is none, or the cache is too small.
        """
        self.address = Address(shard_address())
        self._index, self._path = index, path
        self._cache: ShardCache | None = None
        if self.address.folder is None:
            self._cache = shard_cache(index.largest, min(LEAST, len(index.shards)))
        self._seen = set[str]()

    @property
    def elsewhere(self) -> bool:
        """Whether they have to be fetched."""
        return self._cache is not None

    @property
    def ahead(self) -> int:
        """How many shards of a training may be held at once."""
        if self._cache is None:
            return 2 * WINDOW
        return max(1, min(_MOST_HELD, self._cache.most // max(1, self._index.largest) - READ_BESIDE))

    def open(self, number: int, needed: bool) -> IO[bytes] | None:
        """Return the file of a shard, which stays while it is open; None: there is no room, and it is not `needed` yet.

        Raises:
            DataError: it is not there, or has other bytes.
            ConfigError: the address is not for these credentials.
            PublishedError: the address cannot be reached now.
        """
        shard = self._index.shards[number]
        file = self._at_address(shard) if self._cache is None else self._cached(self._cache, shard, needed)
        if file is not None:
            self._seen.add(shard.sha256)
        return file

    def _at_address(self, shard: Shard) -> IO[bytes]:
        path = (self.address.folder or Path()) / shard.name
        try:
            file = path.open("rb")
        except FileNotFoundError as error:
            raise self._missing(shard) from error
        except OSError as error:
            raise DataError(f"{path}: {error.strerror}; see to {SHARDS}, then run the same command again") from error
        if shard.sha256 not in self._seen:
            with ExitStack() as stack:
                stack.callback(file.close)
                self._must_be(shard, path)
                stack.pop_all()
        return file

    def _cached(self, cache: ShardCache, shard: Shard, needed: bool) -> IO[bytes] | None:
        file = cache.found(shard)
        if file is not None and shard.sha256 not in self._seen:
            try:
                must_be(shard, Path(file.name))
            except DataError:
                file.close()
                cache.discard(shard)
                file = None
        return file or self._fetched(cache, shard, needed)

    def _fetched(self, cache: ShardCache, shard: Shard, needed: bool) -> IO[bytes] | None:
        def fetch(draft: Path) -> None:
            self._get(shard, draft)
            try:
                must_be(shard, draft)
            except DataError:  # cut off on its way, perhaps
                self._get(shard, draft)
                self._must_be(shard, draft)

        try:
            return cache.bring(shard, fetch, needed)
        except PublishedError as error:
            cause = error.__cause__
            if isinstance(cause, FileNotFoundError):
                raise self._missing(shard) from error
            if isinstance(cause, OSError) and cause.errno in _FULL:
                raise DataError(
                    f"{SHARD_CACHE}: {cache_folder()}: {os.strerror(cause.errno)}; make room there, or set "
                    f"{SHARD_CACHE_BYTES} lower, then run the same command again"
                ) from error
            if why := refusal(cause):
                raise ConfigError(f"{SHARDS}: {self.address} {why}") from error
            raise

    def _get(self, shard: Shard, draft: Path) -> None:
        try:
            self.address.get(shard.name, draft)
        except PublishedError as error:
            if not draft.parent.is_dir():  # the cache was cleared away
                raise FileNotFoundError(draft) from error
            raise

    def _must_be(self, shard: Shard, path: Path) -> None:
        try:
            must_be(shard, path)
        except DataError as error:
            raise DataError(
                f"{self.address}/{shard.name}: {error}; delete it there, and run `dvc repro --force` of the stage "
                "prepare"
            ) from error

    def _missing(self, shard: Shard) -> DataError:
        return DataError(
            f"{self.address}/{shard.name}: no such shard, and {self._path} names it: see to {SHARDS}, or run "
            "`dvc repro --force` of the stage prepare"
        )
