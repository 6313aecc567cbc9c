"""Which shards an array has: `{split}_inputs.json`, which stands in a prepared data set in place of the array.

A shard is a file of numpy's format (.npy) of some examples that follow each other, named by its SHA-256: so the index
says to the byte what is learned from, wherever the shards lie, and who has the index needs nothing but their address.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

from components.system.files import read_json, write_json


@dataclass(frozen=True)
class Shard:
    """A file of some examples."""

    sha256: str
    bytes: int

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.sha256}.npy"


@dataclass(frozen=True)
class ShardIndex:
    """An array `[N, ...]` in shards."""

    shape: tuple[int, ...]
    """Of the whole array."""
    dtype: str
    examples: int
    """Of each shard; the last one may have fewer."""
    shards: tuple[Shard, ...]

    def __post_init__(self) -> None:
        if len(self.shards) != ceil(self.shape[0] / self.examples):
            raise ValueError(f"{len(self.shards)} shards of {self.examples} examples are not {self.shape[0]} in all")

    @property
    def largest(self) -> int:
        """Bytes of the largest shard; 0: there is none."""
        return max((shard.bytes for shard in self.shards), default=0)

    def rows(self, number: int) -> range:
        """Return which examples the shard has."""
        return range(number * self.examples, min((number + 1) * self.examples, self.shape[0]))


def write_index(path: Path, index: ShardIndex) -> None:
    """Write the index as JSON."""
    write_json(path, asdict(index))


def read_index(path: Path) -> ShardIndex:
    """Read the index at `path`.

    Raises:
        OSError, ValueError, KeyError, TypeError: it cannot be read, or is none.
    """
    said = read_json(path)
    shards: Sequence[dict[str, object]] = said["shards"]
    return ShardIndex(
        shape=tuple(int(side) for side in said["shape"]),
        dtype=str(said["dtype"]),
        examples=int(said["examples"]),
        shards=tuple(Shard(str(each["sha256"]), int(str(each["bytes"]))) for each in shards),
    )
