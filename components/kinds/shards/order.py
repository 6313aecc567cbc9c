"""In what order a training goes through examples in shards.

One order over all examples would want every shard from the first batch on. So the shards are shuffled, and the examples
of each few shards that follow each other then: one window after another. What a shard has is no matter of chance of the
source: `prepare` puts the examples into an order of its own before it cuts them (by the hash of their content).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.kinds.shards.index import ShardIndex

WINDOW = 4
"""Shards whose examples are mixed."""
_SHARDS, _EXAMPLES = 0, 1  # behind the key of an epoch: what is shuffled


@dataclass(frozen=True)
class Order:
    """An epoch's order: a pure function of (seed, epoch)."""

    rows: NDArray[np.int64]
    """Every example once."""
    shards: tuple[int, ...]
    """Every shard once, as they are come to."""


def shard_order(index: ShardIndex, seed: int, epoch: int) -> Order:
    """Return the order of the epoch."""
    random = np.random.default_rng([seed, epoch, _EXAMPLES])
    shards = shuffled_shards(index, seed, epoch)
    windows = [shards[start : start + WINDOW] for start in range(0, len(shards), WINDOW)]
    return Order(np.concatenate([random.permutation(_rows(index, window)) for window in windows]), shards)


def shuffled_shards(index: ShardIndex, seed: int, epoch: int) -> tuple[int, ...]:
    """Return the shards in the order in which the epoch comes to them."""
    return tuple(np.random.default_rng([seed, epoch, _SHARDS]).permutation(len(index.shards)).tolist())


def _rows(index: ShardIndex, window: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([np.asarray(index.rows(number), dtype=np.int64) for number in window])
