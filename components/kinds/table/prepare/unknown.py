"""Categories that the schema does not know: which, how often, and whether they are known ones in another spelling."""

from collections.abc import Mapping

import polars as pl

from components.kinds.column import ROW
from components.kinds.table.codec.schema import Column, Schema
from components.kinds.table.prepare.findings import EXAMPLES, Finding
from components.kinds.table.prepare.infer import KNOWN

_COUNT, _FIRST = "journeyman:count", "journeyman:first"


def unknown(frame: pl.LazyFrame, schema: Schema, found: Finding) -> Finding:
    """Return the finding with its most frequent values as examples, and what is usual in its columns.

    Args:
        frame: the records.
        schema: what is known.
        found: the records with an unknown category, and how many there are of each column.
    """
    columns = {name: schema.columns[name] for name in found.columns}
    values = [value for name, column in columns.items() for value in _values(frame, name, column)]
    examples = [text for _, text in sorted(values, key=lambda value: -value[0])[:EXAMPLES]]
    return Finding(found.count, examples, found.columns, _usual(columns))


def rare(found: Finding, rows: int) -> list[str]:
    """Say of columns with very many values how many records have one of those that are not told apart."""
    return [
        f"in {name!r} the {KNOWN} most frequent values are told apart, the others ({found.columns[name] / rows:.1%} of "
        f"the records) are one; a column of names, ids or texts belongs in prepare.columns.drop"
        for name, part in found.usual.items()
        if part > 0
    ]


def _usual(columns: Mapping[str, Column]) -> dict[str, float]:
    """Return which part of each column was unknown from the beginning; all of it may where nothing was written down."""
    full = {name: 1.0 if len(column.values or ()) >= KNOWN else 0.0 for name, column in columns.items()}
    return {name: full[name] if column.others is None else column.others for name, column in columns.items()}


def _values(frame: pl.LazyFrame, name: str, column: Column) -> list[tuple[int, str]]:
    """Return the most frequent unknown values of a column, each with its number of records."""
    known = list(column.values or ())
    alike = {value.strip().casefold(): value for value in known}
    new = frame.select(ROW, name).filter(~pl.col(name).is_in(known).fill_null(True))
    counted = new.group_by(name).agg(pl.len().alias(_COUNT), pl.col(ROW).min().alias(_FIRST))
    top = counted.sort(_COUNT, _FIRST, descending=[True, False]).head(EXAMPLES).collect(engine="streaming")
    values = []
    for value, count, row in top.iter_rows():
        like = alike.get(value.strip().casefold())
        hint = f"; {like!r} is known, which differs in case or spaces alone" if like else ""
        values.append((count, f"row {row}: {name} = {value!r} ({count:,} rows{hint})"))
    return values
