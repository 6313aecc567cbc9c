"""Features of the splits, in one pass over the records; memory holds a chunk, and what windows reach back to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from components.kinds.column import ROW
from components.kinds.prepared import ROWS, SPLITS, Split
from components.kinds.table.codec import features
from components.kinds.table.codec.features import Definition, Float32, Float64, Int8, Int64
from components.kinds.table.codec.memory import ArrayMemory, Records
from components.kinds.table.prepare.labels import LABEL, Labels, drawn
from components.kinds.table.prepare.partitions import MergedWindows, Partition, PartitionFiles, partition_of
from components.kinds.table.prepare.split import KEY, SPLIT
from components.kinds.table.prepare.table import TIME
from components.system.progress import Progress

CHUNK = 4_000_000
"""Records that are computed at a time."""
_MERGED = 500_000  # where windows are computed elsewhere, nothing is gained by more
_PARTITIONS = 2_000_000  # of all partitions together, so that whoever merges them holds so many
_FEWEST = 50_000  # of one partition

WindowsOf = Callable[["_Chunk", Int64], Sequence[Float32]]
"""The windows of those records of a chunk that are at these indices, `[N, measures * days]` for each entity column."""


@dataclass(frozen=True)
class _Chunk:
    """Some records: `[n]` each, or `[n, columns]`."""

    time: Int64 | None
    """None: the table has none."""
    key: NDArray[np.uint64] | None
    """What the split was drawn from; None: it was not drawn."""
    row: Int64
    """Its number among the raw records."""
    label: Int64
    drawn: NDArray[np.bool_]
    """Whether the label may be used."""
    split: Int8
    amount: Float64
    numbers: Float64
    """And what is made of dates."""
    categories: Float32
    entities: dict[str, Int64]

    @property
    def known(self) -> Int64:
        """The labels that may be used; the others are -1."""
        return np.where(self.drawn, self.label, -1)


def write_features(
    frame: pl.LazyFrame,
    out: Path,
    definition: Definition,
    sizes: Mapping[str, int],
    card: str | None,
    fraction: float,
    labels: Labels,
    merged: MergedWindows | None = None,
) -> None:
    """Write `{split}_inputs.npy` and the arrays that go with them to `out`.

    Args:
        frame: the records with `LABEL` and `SPLIT`; in order of time, from as far back as windows reach, if it has any.
        out: a directory.
        definition: of the features.
        sizes: records of each split.
        card: the entity column whose codes are written, if any.
        fraction: part of the labels that is used; those of the test split stay for the evaluation.
        labels: what the label column means.
        merged: windows that are computed already; None: they are computed here.

    Raises:
        DataError: `merged` are not those of these records.
    """
    splits = [_Arrays(out, split, sizes[split]) for split in SPLITS]
    known = [_values(frame, entity.name) for entity in definition.entities]
    windows_of = _taken(merged, definition, known) if merged else _computed(definition)
    with Progress(desc="prepare", unit=" records") as progress:
        for chunk in _chunks(frame, definition, fraction, known, _MERGED if merged else CHUNK):
            wanted = np.flatnonzero(chunk.split >= 0)
            times = None if chunk.time is None else chunk.time[wanted]
            windows = windows_of(chunk, wanted) if definition.entities else []
            table = features.assemble(chunk.numbers[wanted], times, windows, chunk.categories[wanted])
            for index, arrays in enumerate(splits):
                mine = chunk.split[wanted] == index
                rows = wanted[mine]
                arrays.append("inputs", table[mine])
                arrays.append("labels", labels.told((chunk.label if SPLITS[index] == "test" else chunk.known)[rows]))
                for name, values in (("times", chunk.time), ("keys", chunk.key)):
                    if values is not None:
                        arrays.append(name, values[rows])
                arrays.append(ROWS, chunk.row[rows])
                arrays.append("amounts", np.abs(chunk.amount[rows]))  # what is at stake, paid or paid back
                if card is not None:
                    arrays.append("cards", chunk.entities[card][rows])
                arrays.filled += len(rows)
            progress.update(len(chunk.label))
    if merged is not None:
        merged.end()


def write_windows(
    frame: pl.LazyFrame, definition: Definition, fraction: float, partition: Partition, files: PartitionFiles
) -> int:
    """Write the windows of the records whose entities are in a partition, and return how many there are.

    Args:
        frame: as `write_features` takes it.
        definition: of the features.
        fraction: part of the labels that is used.
        partition: which.
        files: where they go; what is there already stays, and is not computed again.
    """
    counts = []
    with Progress(desc="prepare", unit=" records") as progress:
        for number, entity in enumerate(definition.entities):
            folder, count = f"{partition.index}/{number}", 0
            memory = ArrayMemory(definition.model_copy(update={"entities": (entity,)}))
            for records, row, wanted in _records(frame, definition, entity.name, fraction, partition):
                name = f"{folder}/{count:012d}-{count + len(wanted):012d}.parquet"
                there = len(wanted) == 0 or files.has(name)
                (windows,) = memory.windows(records, wanted[:0] if there else wanted)
                if not there:
                    files.add(name, row[wanted], windows)
                count += len(wanted)
                progress.update(len(row))
            counts.append(count)
    files.end(partition.index, counts)
    return sum(counts)


def _records(
    frame: pl.LazyFrame, definition: Definition, entity: str, fraction: float, partition: Partition
) -> Iterator[tuple[Records, Int64, Int64]]:
    """Yield the records whose entity is in the partition, their rows, and the indices of those in a split."""
    values = _values(frame, entity)
    mine = values.filter(pl.Series(partition_of(values, partition.count) == partition.index))
    columns = frame.join(_codes(mine, "entity"), on=entity, how="inner", maintain_order="left").select(
        pl.col(ROW).alias("row"),
        pl.col(TIME).alias("time"),
        pl.col(LABEL).alias("label"),
        pl.col(SPLIT).alias("split"),
        _amount(definition).alias("amount"),
        pl.col("journeyman:entity").alias("entity"),
    )
    for batch in columns.collect_batches(chunk_size=max(_PARTITIONS // partition.count, _FEWEST)):
        row = batch["row"].to_numpy().astype(np.int64)
        label = np.where(drawn(row, fraction), batch["label"].to_numpy().astype(np.int64), -1)
        amount = features.fixed_point(batch["amount"].to_numpy(), definition.decimals)
        codes = {entity: batch["entity"].to_numpy()}
        records = Records(batch["time"].to_numpy(), amount, _positive(label), codes)
        yield records, row, np.flatnonzero(batch["split"].to_numpy() >= 0)


def _computed(definition: Definition) -> WindowsOf:
    """Return what computes the windows of some records after those before them."""
    memory = ArrayMemory(definition)

    def windows(chunk: _Chunk, wanted: Int64) -> Sequence[Float32]:
        if chunk.time is None:
            return []
        amount = features.fixed_point(chunk.amount, definition.decimals)
        return memory.windows(Records(chunk.time, amount, _positive(chunk.known), chunk.entities), wanted)

    return windows


def _taken(merged: MergedWindows, definition: Definition, known: Sequence[pl.Series]) -> WindowsOf:
    """Return what takes the windows of some records from the partitions that their entities, all `known`, are in."""
    of_code = [np.append(partition_of(values, merged.count), -1) for values in known]  # the last one is that of -1

    def windows(chunk: _Chunk, wanted: Int64) -> Sequence[Float32]:
        codes = [chunk.entities[entity.name][wanted] for entity in definition.entities]
        return merged.windows(chunk.row[wanted], [mine[code] for mine, code in zip(of_code, codes, strict=True)])

    return windows


def _chunks(
    frame: pl.LazyFrame, definition: Definition, fraction: float, values: Sequence[pl.Series], size: int
) -> Iterator[_Chunk]:
    numbers, categories = (range(len(columns)) for columns in (definition.numbers, definition.categories))
    for number, known in enumerate(values):
        frame = frame.join(_codes(known, str(number)), on=known.name, how="left", maintain_order="left")
    there = frame.collect_schema()
    added = {name: column for name, column in (("time", TIME), ("key", KEY)) if column in there}
    columns = frame.select(
        pl.col(ROW).alias("row"),
        *(pl.col(column).alias(name) for name, column in added.items()),
        pl.col(LABEL).alias("label"),
        pl.col(SPLIT).alias("split"),
        _amount(definition).alias("amount"),
        *(pl.col(definition.numbers[number]).cast(pl.Float64).alias(f"number {number}") for number in numbers),
        *(
            pl.col(name).dt.epoch("ms").cast(pl.Float64).alias(f"date {number}")
            for number, name in enumerate(definition.dates)
        ),
        *(
            _category(name, values).alias(f"category {number}")
            for number, (name, values) in enumerate(definition.categories.items())
        ),
        *(
            pl.col(f"journeyman:{number}").fill_null(-1).alias(f"entity {number}")
            for number in range(len(definition.entities))
        ),
    )
    for batch in columns.collect_batches(chunk_size=size):
        yield _Chunk(
            batch["time"].to_numpy() if "time" in added else None,
            batch["key"].to_numpy() if "key" in added else None,
            batch["row"].to_numpy().astype(np.int64),
            batch["label"].to_numpy().astype(np.int64),
            drawn(batch["row"].to_numpy(), fraction),
            batch["split"].to_numpy(),
            batch["amount"].to_numpy(),
            features.with_dates(
                _table(batch, [f"number {number}" for number in numbers]),
                _table(batch, [f"date {number}" for number in range(len(definition.dates))]),
                definition,
            ),
            _table(batch, [f"category {number}" for number in categories]),
            {entity.name: batch[f"entity {number}"].to_numpy() for number, entity in enumerate(definition.entities)},
        )


def _table(batch: pl.DataFrame, names: list[str]) -> NDArray[Any]:
    return batch.select(names).to_numpy().reshape(len(batch), len(names))


def _values(frame: pl.LazyFrame, name: str) -> pl.Series:
    """Return the values of an entity column, ascending."""
    return frame.select(pl.col(name).drop_nulls().unique()).collect(engine="streaming").to_series().sort()


def _codes(values: pl.Series, name: str) -> pl.LazyFrame:
    """Return the values of an entity column, and their codes, from 0, as the column `journeyman:name`."""
    return pl.LazyFrame([values]).with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(f"journeyman:{name}"))


def _amount(definition: Definition) -> pl.Expr:
    if definition.amount is None:
        return pl.lit(0.0)
    return pl.col(definition.amount).cast(pl.Float64).fill_null(0.0)


def _positive(label: Int64) -> Int8:
    """Return labels as windows take them: of two classes; no other label is in a window."""
    return label.clip(max=1).astype(np.int8)


def _category(name: str, values: tuple[str, ...]) -> pl.Expr:
    """Return the codes that `codec.values.categories` gives: positions from 1, else 0."""
    index = pl.col(name).cast(pl.Enum(values), strict=False).to_physical().cast(pl.Float32)
    return (index + 1).fill_null(0.0)


class _Arrays:
    """The arrays of one split, filled from the front. Mapped for as long as one chunk is written, then let go of."""

    def __init__(self, out: Path, split: Split, size: int) -> None:
        self.filled = 0
        self._prefix, self._size = out / f"{split}_", size

    def append(self, name: str, values: NDArray[Any]) -> None:
        """Write `values` behind those that were counted in `filled`."""
        path = self._prefix.with_name(f"{self._prefix.name}{name}.npy")
        if self.filled == 0 and not path.exists():
            open_memmap(path, mode="w+", dtype=values.dtype, shape=(self._size, *values.shape[1:]))
        if len(values):
            open_memmap(path, mode="r+")[self.filled : self.filled + len(values)] = values
