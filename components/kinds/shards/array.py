"""Examples in shards, read as an array that is mapped from a file is."""

import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.shards.files import READ_BESIDE, ShardFiles
from components.kinds.shards.index import ShardIndex, read_index
from components.kinds.shards.order import WINDOW, shard_order, shuffled_shards
from components.kinds.shards.reader import ShardReader


class ShardedArray:
    """`[N, ...]`: what is asked of it by index, slice or `take` is read from its shards into memory.

    Who goes through it by `begin` gets shards fetched ahead in that order, others the next one.
    """

    def __init__(self, index: ShardIndex, path: Path) -> None:
        """Take the index at `path`; nothing is read yet.

        Raises:
            ConfigError: a setting of shards is wrong, or the cache is too small for them.
        """
        self.index = index
        self.shape = index.shape
        self.dtype = np.dtype(index.dtype)
        self._files = ShardFiles(index, path)
        self._reader = ShardReader(self._files)
        self._coming: tuple[int, ...] = ()
        self._place: dict[int, int] = {}
        weakref.finalize(self, self._reader.close)

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many values there are."""
        return int(np.prod(self.shape))

    @property
    def waited(self) -> float:
        """Seconds in which who reads has waited for shards that lie elsewhere."""
        return self._reader.waited

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[row] for row in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self.take(np.arange(len(self))), dtype)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        if isinstance(key, slice):
            return self.take(np.arange(*key.indices(len(self))))
        rows = np.asarray(key)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        return self.take(rows) if rows.ndim else self.take(rows[None])[0]

    def take(self, rows: NDArray[Any], axis: int = 0) -> NDArray[Any]:
        """Return the examples at `rows` `[n]`, `[n, ...]`.

        Raises:
            IndexError: there are not so many.
            DataError: a shard is not there, or has other bytes than the index says.
            ConfigError: the address is not for these credentials.
        """
        if axis:
            raise ValueError("examples are along the first axis")
        rows = np.where(rows < 0, rows + len(self), rows)
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise IndexError(f"rows from 0 to {len(self) - 1} are there")
        taken = np.empty((len(rows), *self.shape[1:]), self.dtype)
        of = rows // self.index.examples
        for number in self._in_order(np.unique(of).tolist()):
            there = of == number
            taken[there] = self._reader.shard(number)[rows[there] - number * self.index.examples]
        return taken

    def begin(self, seed: int, epoch: int, first: int) -> NDArray[np.int64]:
        """Return the order `[N]` of an epoch, which is gone through from place `first` on, and then the next epoch."""
        order = shard_order(self.index, seed, epoch)
        self._coming = (*order.shards, *shuffled_shards(self.index, seed, epoch + 1))
        self._place = {number: place for place, number in enumerate(order.shards)}
        if first < len(self):
            self._expect_from(self._place[int(order.rows[first]) // self.index.examples])
        return order.rows

    def _in_order(self, numbers: list[int]) -> Iterator[int]:
        """Yield the shards in the order in which they are to be read, each when those to come are expected."""
        if self._place:
            numbers.sort(key=self._place.__getitem__)
            if numbers:
                self._expect_from(self._place[numbers[0]])
            yield from numbers
            return
        for number in numbers:
            self._reader.expect(range(number, min(number + READ_BESIDE, len(self.index.shards))))
            yield number

    def _expect_from(self, place: int) -> None:
        start = place // WINDOW * WINDOW
        self._reader.expect(self._coming[start : start + self._files.ahead])


def sharded(examples: object) -> ShardedArray | None:
    """Return examples that are in shards; None: they are not."""
    return examples if isinstance(examples, ShardedArray) else None


def open_sharded(path: Path) -> ShardedArray:
    """Open the array whose index is at `path`.

    Raises:
        DataError: the index cannot be read.
        ConfigError: a setting of shards is wrong, or the cache is too small for them.
    """
    try:
        index = read_index(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not readable ({error}); run `dvc repro`") from error
    return ShardedArray(index, path)
