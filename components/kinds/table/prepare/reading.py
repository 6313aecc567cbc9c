"""Texts of the raw table that say times or numbers: how a column is read is decided on all its values.

What is decided stands in the schema, so that whoever reads such texts later reads them the same way.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet as pq

from components.kinds.column import ROWS, Decision, Texts
from components.kinds.table.codec.schema import Column, Dialect, Schema
from components.kinds.table.prepare.decimals import Written, decide_numbers, is_written_number, look
from components.kinds.table.prepare.table import TEXT, Table, open_table
from components.kinds.times import formats
from components.kinds.times.deciding import decide_other, decide_time

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare


@dataclass(frozen=True)
class Readings:
    """How the columns are read that are not what they say as they stand."""

    columns: Mapping[str, Decision] = field(default_factory=dict)
    dialect: Mapping[str, Any] = field(default_factory=dict)
    """Of the CSV files that the table comes from; empty: it comes from none."""

    def sentences(self) -> list[str]:
        """Return what a person would want to know of it."""
        said = [decision.said for decision in self.columns.values() if decision.said]
        return [*_dialect_said(self.dialect), *said]

    def described(self, schema: Schema, config: "Prepare") -> Schema:
        """Return the schema with what was decided here."""
        columns = {
            name: column.model_copy(update=self.columns[name].column) if name in self.columns else column
            for name, column in schema.columns.items()
        }
        nulls = tuple(config.nulls) or schema.nulls
        dialect = Dialect.of(self.dialect) if self.dialect else schema.csv
        return schema.model_copy(update={"columns": columns, "nulls": nulls, "csv": dialect})


def decide(raw: Path, table: Table, config: "Prepare", schema: Schema | None) -> Readings:
    """Return how the columns of the table `raw` are read; by the schema, if there is one.

    Raises:
        DataError: a column can be read in several ways, or but for some values.
    """
    asked, dialect = formats.asked(config.time_format), _dialect(raw)
    nulls = [*config.nulls, *((schema.nulls if schema else None) or ())]
    found: dict[str, Decision | None] = {}
    written = []
    columns = {name: kind for name, kind in table.frame.collect_schema().items() if name in table.types}
    for name, kind in sorted(columns.items(), key=lambda column: column[0] != config.columns.time):  # the time first
        texts = Texts(table.frame, name, nulls)
        known = schema.columns.get(name, _UNKNOWN) if schema else None
        if name == config.columns.time:
            found[name] = time = decide_time(texts, kind, asked or (known.format if known else None))
            asked = asked or (time.column["format"] if time else None)
        elif kind == pl.String and name not in _named(config):
            found[name] = decide_other(texts, known, asked)
            if found[name] is None and (known is None or known.type in ("integer", "number")):
                written.append(_look(texts, known, config))
        elif kind == pl.String and name == config.columns.label and is_written_number(texts, known):
            written.append(_look(texts, known, config))
    found |= decide_numbers(written, config.decimal, dialect)
    return Readings({name: decision for name, decision in found.items() if decision is not None}, dialect)


_UNKNOWN = Column(type="category")  # of a column that the schema does not name: nothing is made of it


_NAMES = {"\t": "a tab", ";": "a semicolon", "|": "a bar", ",": "a comma"}


def _dialect_said(dialect: Mapping[str, Any]) -> list[str]:
    """Say what is not as usual in the CSV files."""
    said = []
    if dialect.get("separator", ",") != ",":
        said.append(f"{_NAMES[dialect['separator']]} between the values")
    if "quote" in dialect:
        said.append(f"{dialect['quote']} around them")
    if "escape" in dialect:
        said.append(f"{dialect['escape']} before quotes inside of them")
    if "encoding" in dialect:
        said.append(f"letters in the encoding {dialect['encoding']}")
    if "skip" in dialect:
        lines = dialect["skip"]
        said.append(f"{lines} line{'s' if lines > 1 else ''} before the header passed over")
    return [f"{dialect.get('file', 'the CSV file')} is read with {', '.join(said)}"] if said else []


def _named(config: "Prepare") -> tuple[str | None, ...]:
    """Return the columns whose texts are names, whatever they look like."""
    columns = config.columns
    return (columns.label, columns.id, columns.group, *config.entities, *columns.text)


def _look(texts: Texts, known: Column | None, config: "Prepare") -> Written:
    must = known is not None or texts.name == config.columns.amount
    if known is None:
        return look(texts, must, None, None, later=False)
    return look(texts, must, known.decimal, known.units, later=True)


def _dialect(raw: Path) -> Mapping[str, Any]:
    """Return what the raw table says of the CSV files that it was read from."""
    said = (pq.read_schema(raw).metadata or {}).get(b"journeyman", b"{}")
    dialect: Mapping[str, Any] = json.loads(said).get("csv") or {}
    return dialect


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
            rows = pl.DataFrame({column.name: column for column in columns}).to_arrow()  # a name may be empty
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
    if isinstance(series.dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    values = decision.read(series)
    if series.dtype != pl.String:
        return [values]
    unread = series.set(values.is_not_null() | decision.missing(series), None)
    return [values, unread.alias(TEXT + series.name)]
