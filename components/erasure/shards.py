"""What is prepared at an address: a picture is one of many in a shard, so that whole shards go; windows all go."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from components.config.settings import partition_address, shard_address
from components.erasure.subject import Removed
from components.kinds.prepared import SPLITS, index_of
from components.kinds.shards.cache import cache_folder
from components.kinds.shards.index import read_index
from components.system.address import Address
from components.versioning.cache import files_of
from components.versioning.lock import Stage

_PREPARED = "prepared"


def shards_of(workspace: Iterable[Path], going: set[tuple[str, str]], runs: Iterable[Stage], cache: Path) -> list[str]:
    """Return the shards of prepared data that have to go: those that no other prepared data has.

    Args:
        workspace: folders that go.
        going: outputs of stages that go, by path and hash.
        runs: all runs of stages.
        cache: the folder of DVC's cache.
    """
    outs = {(path, md5) for run in runs for path, md5 in run.outs.items() if Path(path).name == _PREPARED}
    staying = {name for path, md5 in outs - going for name in _named(files_of(path, md5, cache))}
    gone = {name for path, md5 in outs & going for name in _named(files_of(path, md5, cache))}
    gone |= {name for folder in workspace for name in _named({str(path): path for path in folder.glob("*.json")})}
    return sorted(gone - staying)


def remove_shards(names: Iterable[str]) -> Iterator[Removed]:
    """Remove shards from where they lie, and from this machine's cache.

    Raises:
        PublishedError: the address cannot be reached; doing it again goes on.
    """
    address, folder = Address(shard_address()), cache_folder()
    count = 0
    for name in names:
        (folder / name).unlink(missing_ok=True)
        count += address.delete(name)
    if count:
        yield Removed(str(address), "shards of prepared pictures; `dvc repro` makes them", count)


def remove_partitions(workload: str) -> Iterator[Removed]:
    """Remove all windows of the workload that were computed in partitions.

    Raises:
        PublishedError: as of `remove_shards`.
    """
    address = Address(partition_address())
    mine = filter(re.compile(rf"{re.escape(workload)}-[0-9a-f]{{16}}/.*").fullmatch, address.names())
    if count := sum(address.delete(name) for name in mine):
        yield Removed(str(address), "files of windows; `flows.prepare --partition` makes them", count)


def _named(files: dict[str, Path]) -> Iterator[str]:
    """Yield the names of the shards of every index among files, by their path."""
    indices = {index_of(Path(), split).name for split in SPLITS}
    for path, file in files.items():
        if Path(path).name in indices:
            yield from (shard.name for shard in read_index(file).shards)
