"""Features of the splits, in one pass over the records; memory holds a chunk, and what windows reach back to."""

from collections.abc import Iterator, Mapping, Sequence
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
from components.kinds.table.prepare.split import KEY, SPLIT
from components.kinds.table.prepare.table import TIME
from components.system.progress import Progress

CHUNK = 4_000_000
"""Records that are computed at a time."""


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
    """
    splits = [_Arrays(out, split, sizes[split]) for split in SPLITS]
    memory = ArrayMemory(definition)
    with Progress(desc="prepare", unit=" records") as progress:
        for chunk in _chunks(frame, definition, fraction):
            wanted = np.flatnonzero(chunk.split >= 0)
            amount = features.fixed_point(chunk.amount, definition.decimals)
            times = None if chunk.time is None else chunk.time[wanted]
            windows: Sequence[Float32] = []
            if chunk.time is not None and definition.entities:
                positive = chunk.known.clip(max=1).astype(np.int8)  # of two classes; no other label is in a window
                windows = memory.windows(Records(chunk.time, amount, positive, chunk.entities), wanted)
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


def _chunks(frame: pl.LazyFrame, definition: Definition, fraction: float) -> Iterator[_Chunk]:
    numbers, categories = (range(len(columns)) for columns in (definition.numbers, definition.categories))
    amount = pl.lit(0.0) if definition.amount is None else pl.col(definition.amount).cast(pl.Float64).fill_null(0.0)
    for number, entity in enumerate(definition.entities):
        frame = frame.join(
            _codes(frame, entity.name, f"journeyman:{number}"), on=entity.name, how="left", maintain_order="left"
        )
    there = frame.collect_schema()
    added = {name: column for name, column in (("time", TIME), ("key", KEY)) if column in there}
    columns = frame.select(
        pl.col(ROW).alias("row"),
        *(pl.col(column).alias(name) for name, column in added.items()),
        pl.col(LABEL).alias("label"),
        pl.col(SPLIT).alias("split"),
        amount.alias("amount"),
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
    for batch in columns.collect_batches(chunk_size=CHUNK):
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


def _codes(frame: pl.LazyFrame, name: str, code: str) -> pl.LazyFrame:
    """Return the values of an entity column, ascending, and their codes, from 0."""
    values = frame.select(pl.col(name).drop_nulls().unique()).collect(engine="streaming").sort(name)
    return values.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(code)).lazy()


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
