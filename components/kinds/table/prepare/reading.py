"""Texts of the raw table that say times or numbers: how a column is read is decided on all its values.

What is decided stands in the schema, so that whoever reads such texts later reads them the same way.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow.parquet as pq

from components.kinds.table.codec.schema import Column, Schema
from components.kinds.table.prepare.table import TEXT, Table, open_table
from components.kinds.table.prepare.texts import ROWS, Decision, Texts
from components.kinds.table.prepare.timing import decide_other, decide_time

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare


@dataclass(frozen=True)
class Readings:
    """How the columns are read that are not what they say as they stand."""

    columns: Mapping[str, Decision] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """Return what a person would want to know of it."""
        return [decision.said for decision in self.columns.values() if decision.said]

    def described(self, schema: Schema, config: "Prepare") -> Schema:
        """Return the schema with what was decided here."""
        columns = {
            name: column.model_copy(update=self.columns[name].column) if name in self.columns else column
            for name, column in schema.columns.items()
        }
        return schema.model_copy(update={"columns": columns, "nulls": tuple(config.nulls) or schema.nulls})


def decide(table: Table, config: "Prepare", schema: Schema | None) -> Readings:
    """Return how the columns of the table are read; by the schema, if there is one.

    Raises:
        DataError: a column can be read in several ways, or but for some values.
    """
    nulls = [*config.nulls, *((schema.nulls if schema else None) or ())]
    found = {}
    for name, kind in table.frame.collect_schema().items():
        if name in table.types:
            texts = Texts(table.frame, name, nulls)
            known = schema.columns.get(name, Column(type="category")) if schema else None
            if (decision := _decide(texts, kind, known, config)) is not None:
                found[name] = decision
    return Readings(found)


def _decide(texts: Texts, kind: pl.DataType, known: Column | None, config: "Prepare") -> Decision | None:
    """Return how one column is read; None: as it stands.

    Args:
        texts: the column.
        kind: its type in the raw table.
        known: what the schema says of it; None: there is no schema yet.
        config: of the preparation.
    """
    columns = config.columns
    if texts.name == columns.time:
        return decide_time(texts, kind, config.time_format or (known.format if known else None))
    if kind != pl.String or texts.name in (columns.label, columns.id, *config.entities):
        return None
    if known is not None:
        return decide_other(texts, known.format) if known.type == "time" else None
    return decide_other(texts, None)


@contextmanager
def read(raw: Path, out: Path, table: Table, readings: Readings, config: "Prepare") -> Iterator[Table]:
    """Yield the table with its columns as they are read; a copy stands in `out` for as long as it is needed."""
    if not readings.columns:
        yield table
        return
    copy = out / "read.parquet"
    _write(raw, copy, readings)
    yield open_table(copy, config)
    copy.unlink()


def _write(raw: Path, copy: Path, readings: Readings) -> None:
    writer: pq.ParquetWriter | None = None
    try:
        for batch in pl.scan_parquet(raw).collect_batches(chunk_size=ROWS):
            columns = [column for series in batch for column in _converted(series, readings)]
            rows = pl.DataFrame(columns).to_arrow()
            writer = writer or pq.ParquetWriter(copy, rows.schema, compression="zstd")
            writer.write_table(rows)
    finally:
        if writer:
            writer.close()


def _converted(series: pl.Series, readings: Readings) -> list[pl.Series]:
    """Return the column as it is read, and, if it is of texts, those that are not."""
    decision = readings.columns.get(series.name)
    if decision is None:
        return [series]
    values = decision.read(series)
    if series.dtype != pl.String:
        return [values]
    unread = series.set(values.is_not_null() | decision.missing(series), None)
    return [values, unread.alias(TEXT + series.name)]
