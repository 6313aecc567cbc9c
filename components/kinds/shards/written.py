"""An array -> shards at an address."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import ConfigError, DataError, PublishedError
from components.config.settings import SHARDS, shard_address
from components.kinds.shards.index import Shard, ShardIndex, write_index
from components.system.address import Address
from components.system.files import scratch_directory, sha256


class ShardWriter:
    """Writes arrays in shards to the address that `JOURNEYMAN_SHARDS` names; one that is there already stays."""

    def __init__(self, examples: int) -> None:
        """Open the address; `examples`: of each shard.

        Raises:
            ConfigError: nothing can be written there.
        """
        self._examples = examples
        self._address = Address(shard_address())
        try:
            self._address.ask(SHARDS)
        except PublishedError as error:
            raise ConfigError(f"{SHARDS}: {error}") from error

    def write(self, path: Path, examples: NDArray[Any], rows: NDArray[np.int64]) -> None:
        """Write examples into shards and, when all of them are there, their index to `path`.

        Args:
            path: of the index.
            examples: `[M, ...]`.
            rows: which of them, and in which order, `[N]`.

        Raises:
            DataError: the address takes them no more; who writes them again goes on.
        """
        parts = [rows[start : start + self._examples] for start in range(0, len(rows), self._examples)]
        with scratch_directory(path) as scratch:
            shards = [self._shard(examples[part], scratch / "shard.npy") for part in parts]
        shape, dtype = (len(rows), *examples.shape[1:]), examples.dtype.str
        write_index(path, ShardIndex(shape, dtype, self._examples, tuple(shards)))

    def _shard(self, examples: NDArray[Any], draft: Path) -> Shard:
        np.save(draft, examples)
        shard = Shard(sha256(draft), draft.stat().st_size)
        try:
            if not self._address.has(shard.name):
                self._address.put(draft, shard.name)
        except PublishedError as error:
            raise DataError(f"{error}; see to {SHARDS}, then run the same command again") from error
        return shard
