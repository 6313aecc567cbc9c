"""Windows by many machines: each computes those of a part of the entities, and the stage takes them from there.

    <address>/<workload>-<key>/manifest.json    what they are made of, whose hash the key is; the first writes it
    <address>/<workload>-<key>/3/0/000000000000-000000500000.parquet   of partition 3 and the first entity column
    <address>/<workload>-<key>/3/done.json      how many windows it has of each entity column; written last

A file is written once, whole or not at all: where two do the same partition, the second finds it there. Windows of an
entity column depend on the records with the same value alone, and which partition has a value follows from the value:
so those of a partition, in order of time and arrival, are put back without a sort.
"""

import hashlib
import io
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from components.config.errors import ConfigError, DataError
from components.config.settings import PARTITIONS, partition_address
from components.kinds.column import ROW
from components.kinds.table.codec.features import Definition, Float32, Int64
from components.system.address import Address

logger = logging.getLogger(__name__)

_MANIFEST, _DONE = "manifest.json", "done.json"
_AT_ONCE = 100_000  # values that are hashed at a time
_TOLD = {
    "table": "another raw table",
    "prepare": "another section `prepare`",
    "schema": "another schema",
    "code": "other code",
}
"""What is told of a key of the manifest that is another one."""


@dataclass(frozen=True)
class Partition:
    """A part of the values of each entity column, whose windows one machine computes."""

    index: int
    """From 0."""
    count: int
    """Of all partitions."""


def partition_of(values: pl.Series, count: int) -> Int64:
    """Return `[N]`, in which of `count` partitions each value is: by BLAKE2b of its text, so everywhere the same."""
    found = np.empty(len(values), dtype=np.int64)
    for start in range(0, len(values), _AT_ONCE):
        texts = map(str, values.slice(start, _AT_ONCE).to_list())
        hashed = (hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
        found[start : start + _AT_ONCE] = [int.from_bytes(digest, "little") % count for digest in hashed]
    return found


def code() -> str:
    """Return the SHA-256 of the code that windows are made by."""
    folder, digest = Path(__file__).parents[1], hashlib.sha256()
    for part in ("codec", "prepare"):
        for file in sorted((folder / part).rglob("*.py")):
            digest.update(f"{file.relative_to(folder)}\n{file.stat().st_size}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def is_begun(workload: str) -> bool:
    """Whether partitions of the workload lie at the address, be it of this preparation or of another."""
    return bool(list(_manifests(Address(partition_address()), workload)))


class PartitionFiles:
    """What partitions write at the address, of one preparation."""

    def __init__(self, workload: str, made_of: Mapping[str, Any]) -> None:
        """Open the place; nothing is read yet. `made_of`: all that the windows depend on, as JSON takes it."""
        self._workload, self._made_of = workload, dict(made_of)
        key = hashlib.sha256(json.dumps(self._made_of, sort_keys=True).encode()).hexdigest()[:16]
        self._place, self._folder = Address(partition_address()), f"{workload}-{key}"

    def __str__(self) -> str:
        return f"{self._place}/{self._folder}"

    def begin(self, partition: Partition) -> None:
        """Write the manifest, unless another partition has.

        Raises:
            ConfigError: that one is of another count of partitions, or nothing can be written there.
        """
        self._place.ask(PARTITIONS)
        manifest = {**self._made_of, "partitions": partition.count}
        self._place.create(self._at(_MANIFEST), json.dumps(manifest, sort_keys=True, indent=2).encode())
        count = self._read_json(_MANIFEST)["partitions"]
        if count != partition.count:
            raise ConfigError(
                f"--partition {partition.index}/{partition.count}: {self} is of {count} partitions; "
                f"go on with i/{count}, or delete that folder"
            )

    def done(self, index: int) -> list[int] | None:
        """Return how many windows the partition has of each entity column; None: it does not have all of them yet."""
        name = f"{index}/{_DONE}"
        return list(self._read_json(name)["windows"]) if self.has(name) else None

    def has(self, name: str) -> bool:
        """Whether such a file is there."""
        return self._place.has(self._at(name))

    def add(self, name: str, rows: Int64, windows: Float32) -> None:
        """Write windows `[N, measures * days]` of records at `rows`, unless they are there."""
        content = io.BytesIO()
        columns = {str(number): windows[:, number] for number in range(windows.shape[1])}
        pl.DataFrame({ROW: rows, **columns}).write_parquet(content, compression="zstd")
        self._place.create(self._at(name), content.getvalue())

    def end(self, index: int, counts: Sequence[int]) -> None:
        """Write how many windows the partition has of each entity column: it has all of them."""
        self._place.create(self._at(f"{index}/{_DONE}"), json.dumps({"windows": list(counts)}).encode())

    def merged(self, definition: Definition) -> "MergedWindows | None":
        """Return the windows of all partitions; None: none has begun, and it is said if they are of something else.

        Raises:
            DataError: a partition is missing.
        """
        if not self._place.has(self._at(_MANIFEST)):
            self._say_others()
            return None
        count = int(self._read_json(_MANIFEST)["partitions"])
        names = [name.removeprefix(f"{self._folder}/") for name in self._place.names() if self._is_mine(name)]
        missing = [index for index in range(count) if f"{index}/{_DONE}" not in names]
        if missing:
            others = f", as are {len(missing) - 1} more" if len(missing) > 1 else ""
            raise DataError(
                f"{self}: partition {missing[0]} of {count} is missing{others}; run `python -m flows.prepare "
                f"{self._workload} --partition {missing[0]}/{count}` to its end, or delete that folder"
            )
        counts = [self.done(index) or [] for index in range(count)]
        logger.info("windows of %d partitions at %s", count, self)
        return MergedWindows(self, definition, names, counts)

    def read(self, name: str) -> pl.DataFrame:
        """Return the windows of a file, behind the rows of their records."""
        content = self._place.read(self._at(name))
        try:
            return pl.read_parquet(io.BytesIO(content or b""))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self.broken(name, f"{name} is {'gone' if content is None else 'not readable'}") from error

    def broken(self, name: str, why: str) -> DataError:
        """Return the error of a partition that is there, and cannot be used."""
        index = name.partition("/")[0]
        return DataError(f"{self}: {why}; delete the folder {index} there, and run that partition again")

    def _say_others(self) -> None:
        for name in _manifests(self._place, self._workload):
            there = json.loads(self._place.read(name) or b"{}")
            told = (said for key, said in _TOLD.items() if there.get(key) != self._made_of[key])
            logger.warning(
                "%s/%s: the partitions there are of %s; all windows are computed here",
                self._place,
                name.removesuffix(f"/{_MANIFEST}"),
                next(told, "other splits"),
            )

    def _read_json(self, name: str) -> dict[str, Any]:
        try:
            return dict(json.loads(self._place.read(self._at(name)) or b""))
        except (ValueError, TypeError) as error:
            raise DataError(f"{self}/{name}: not readable ({error}); delete that folder") from error

    def _is_mine(self, name: str) -> bool:
        return name.startswith(f"{self._folder}/")

    def _at(self, name: str) -> str:
        return f"{self._folder}/{name}"


class MergedWindows:
    """The windows of all partitions, put back into the order of the records; memory holds a file of each."""

    def __init__(
        self, files: PartitionFiles, definition: Definition, names: Sequence[str], counts: Sequence[Sequence[int]]
    ) -> None:
        """Open them.

        Args:
            files: where they are.
            definition: of the features.
            names: of all files.
            counts: how many windows each partition has of each entity column.
        """
        self.count = len(counts)
        self._widths = [len(entity.measures) * len(entity.days) for entity in definition.entities]
        self._readers = [
            [_Reader(files, f"{index}/{number}/", names, counts[index][number]) for index in range(self.count)]
            for number in range(len(definition.entities))
        ]

    def windows(self, rows: Int64, partitions: Sequence[Int64]) -> list[Float32]:
        """Return `[N, measures * days]` for each entity column, of records that follow those given before.

        Args:
            rows: `[N]` numbers of the records in the raw table.
            partitions: `[N]` for each entity column; below 0: the record has no entity, its windows are empty.

        Raises:
            DataError: a partition has others, or cannot be read.
        """
        found = []
        for width, readers, mine in zip(self._widths, self._readers, partitions, strict=True):
            table = np.zeros((len(rows), width), dtype=np.float32)
            order = np.argsort(mine, kind="stable")
            bounds = np.searchsorted(mine[order], np.arange(self.count + 1))
            for reader, start, end in zip(readers, bounds, bounds[1:], strict=False):
                taken = order[start:end]
                table[taken] = reader.take(rows[taken], width)
            found.append(table)
        return found

    def end(self) -> None:
        """See to it that nothing is left.

        Raises:
            DataError: a partition has more.
        """
        for readers in self._readers:
            for reader in readers:
                reader.end()


class _Reader:
    """The windows of one partition and entity column, file after file."""

    def __init__(self, files: PartitionFiles, folder: str, names: Sequence[str], count: int) -> None:
        self._files, self._folder, self._left = files, folder, count
        self._names = iter(sorted(name for name in names if name.startswith(folder)))
        self._rows: Int64 = np.empty(0, dtype=np.int64)
        self._windows: Float32 = np.empty((0, 0), dtype=np.float32)

    def take(self, rows: Int64, width: int) -> Float32:
        """Return the next windows, which have to be of these records."""
        found, at = np.empty((len(rows), width), dtype=np.float32), 0
        while at < len(rows):
            if not len(self._rows):
                self._open()
            end = min(len(rows), at + len(self._rows))
            if not np.array_equal(self._rows[: end - at], rows[at:end]) or self._windows.shape[1] != width:
                raise self._other()
            found[at:end] = self._windows[: end - at]
            self._rows, self._windows = self._rows[end - at :], self._windows[end - at :]
            at = end
        self._left -= len(rows)
        return found

    def end(self) -> None:
        """See to it that nothing is left."""
        if self._left:
            raise self._other()

    def _open(self) -> None:
        name = next(self._names, None)
        if name is None:
            raise self._other()
        table = self._files.read(name)
        self._rows = table[ROW].to_numpy().astype(np.int64)
        self._windows = table.drop(ROW).to_numpy().astype(np.float32, copy=False)

    def _other(self) -> DataError:
        return self._files.broken(self._folder, "it has the windows of other records")


def _manifests(place: Address, workload: str) -> Iterator[str]:
    pattern = re.compile(rf"{re.escape(workload)}-[0-9a-f]{{16}}/{re.escape(_MANIFEST)}")
    yield from filter(pattern.fullmatch, place.names())
