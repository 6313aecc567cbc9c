"""Records that cannot be used are counted, shown and left out."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from components.config.errors import DataError
from components.kinds.column import ROW
from components.kinds.table.codec.features import DAY, MOST
from components.kinds.table.codec.schema import Schema
from components.kinds.table.prepare.duplicates import SAME, duplicates
from components.kinds.table.prepare.findings import EXAMPLES, Finding, Findings
from components.kinds.table.prepare.labels import LABEL
from components.kinds.table.prepare.late import with_late_labels
from components.kinds.table.prepare.stray import stray
from components.kinds.table.prepare.table import TEXT, TIME, Table
from components.kinds.table.prepare.unknown import unknown

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare

_LEFT_OUT = ("invalid", "future", "out_of_range")
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Clean:
    """The records that can be used, in order of arrival."""

    frame: pl.LazyFrame
    count: int
    read: list[str]
    """What there is to say of ids and times, in sentences for people."""
    times: "Times | None"
    """None: no column of times is named."""


@dataclass(frozen=True)
class Times:
    """What the times of the records are, in milliseconds since 1970."""

    first: int
    """The earliest."""
    last: int
    """The latest."""
    last_label: int | None
    """The latest of a record whose label is known."""
    ordered: bool
    """The records are in order of time, too."""


@dataclass(frozen=True)
class _Fault:
    """One way in which a record may be at fault."""

    finding: str
    column: str
    condition: pl.Expr


def clean(table: Table, schema: Schema, config: "Prepare", label: pl.Expr, findings: Findings) -> Clean:
    """Return the usable records with their `label`, and add to `findings` what is wrong with the others.

    Raises:
        DataError: there is none.
    """
    faults = list(_faults(schema, config, table.unread))
    for name in (*_LEFT_OUT, "unknown"):
        findings[name] = Finding(0, [])
    _count(table, faults, findings)
    findings["unknown"] = unknown(table.frame, schema, findings["unknown"])
    left_out = [fault.condition for fault in faults if fault.finding in _LEFT_OUT]
    frame = table.frame.filter(~pl.any_horizontal(left_out)) if left_out else table.frame
    frame = frame.with_columns(label)
    read: list[str] = []
    if config.columns.id is not None:
        frame, read = _once(frame, table, config, findings)
    times = None
    if config.columns.time is not None:
        frame, times, told = _in_time(frame, config.columns.time, config.columns.label is not None, findings)
        read = [*read, *told]
    count = frame.select(pl.len()).collect(engine="streaming").item()
    if count == 0:
        raise DataError(f"no record can be used; {_why(findings)}")
    return Clean(frame, count, read, times)


def _in_time(
    frame: pl.LazyFrame, column: str, labelled: bool, findings: Findings
) -> tuple[pl.LazyFrame, Times, list[str]]:
    """Return the records without those of stray times, their times, and what there is to say."""
    apart = stray(frame, column)
    findings["stray_times"] = apart.finding if apart else Finding(0, [])
    frame = frame.filter(~apart.condition if apart else True)
    behind = pl.col(TIME) < pl.col(TIME).cum_max()
    summary = frame.select(TIME, LABEL, behind.alias("behind")).select(
        pl.col("behind").sum(),
        pl.col(TIME).min().alias("first"),
        pl.col(TIME).max().alias("last"),
        pl.col(TIME).filter((pl.col(LABEL) >= 0) | (not labelled)).max().alias("last label"),
    )
    unordered, first, last, last_label = summary.collect(engine="streaming").row(0)
    examples = frame.select(ROW, behind.alias("behind")).filter("behind").head(EXAMPLES) if unordered else None
    findings["unordered"] = Finding(unordered, _rows(examples))
    return frame, Times(first, last, last_label, ordered=unordered == 0), apart.read if apart else []


def _faults(schema: Schema, config: "Prepare", unread: Mapping[str, str]) -> Iterator[_Fault]:
    amount = config.columns.amount
    yield from _time_faults(config.columns.time)
    if amount is not None:
        money = pl.col(amount).cast(pl.Float64)
        none = ~(money.is_finite() & (money.abs() <= MOST / 10**config.decimals)).fill_null(True)
        yield _Fault("invalid", amount, none | pl.col(unread[amount]).is_not_null() if amount in unread else none)
    columns = config.columns
    named = (columns.label, columns.time, columns.id, columns.group, *config.entities, *columns.drop)
    for name, column in schema.columns.items():
        if name in named:
            continue
        if column.type in ("integer", "number"):
            number = pl.col(name).cast(pl.Float64)
            least, most = max(_or(column.minimum, -_LARGEST), -_LARGEST), min(_or(column.maximum, _LARGEST), _LARGEST)
            outside = ~number.is_between(least, most).fill_null(True)
            yield _Fault("out_of_range", name, outside & ~none if name == amount else outside)
            if name in unread and name != amount:
                yield _Fault("invalid", name, pl.col(unread[name]).is_not_null())
        elif column.type == "date" and name in unread:
            yield _Fault("invalid", name, pl.col(unread[name]).is_not_null())
        elif column.type == "category":
            known = pl.col(name).is_in(list(column.values or ()))
            yield _Fault("unknown", name, ~known.fill_null(True))


def _time_faults(column: str | None) -> Iterator[_Fault]:
    if column is not None:
        now = round(time.time() * 1_000)
        yield _Fault("invalid", column, pl.col(TIME).is_null())
        yield _Fault("future", column, (pl.col(TIME) > now + DAY).fill_null(False))


def _or(limit: float | None, otherwise: float) -> float:
    return otherwise if limit is None else limit


def _count(table: Table, faults: list[_Fault], findings: Findings) -> None:
    """Count the records of each finding, and of each column, in one pass; look up examples where there are any."""
    grouped = {name: [fault for fault in faults if fault.finding == name] for name in findings}
    grouped = {name: group for name, group in grouped.items() if group}
    if not grouped:
        return
    counts = table.frame.select(
        *(pl.any_horizontal(fault.condition for fault in group).sum().alias(name) for name, group in grouped.items()),
        *(fault.condition.sum().alias(f"{fault.finding} {fault.column}") for fault in faults),
    )
    row = counts.collect(engine="streaming").row(0, named=True)
    for name, group in grouped.items():
        if row[name]:
            columns = {fault.column: row[f"{name} {fault.column}"] for fault in group}
            columns = {column: count for column, count in columns.items() if count}
            examples = [] if name == "unknown" else _examples(table.frame, group)
            findings[name] = Finding(row[name], examples, columns)


def _examples(frame: pl.LazyFrame, group: list[_Fault]) -> list[str]:
    """Return the first records at fault, as `row 17: amount = -3.0`."""
    some = frame.filter(pl.any_horizontal(fault.condition for fault in group)).head(EXAMPLES)
    marked = some.with_columns(fault.condition.alias(f"journeyman:fault {fault.column}") for fault in group)
    examples = []
    for row in marked.collect(engine="streaming").iter_rows(named=True):
        column = next(fault.column for fault in group if row[f"journeyman:fault {fault.column}"])
        text = row.get(TEXT + column)
        examples.append(f"row {row[ROW]}: {column} = {row[column] if text is None else repr(text)}")
    return examples


def _once(frame: pl.LazyFrame, table: Table, config: "Prepare", findings: Findings) -> tuple[pl.LazyFrame, list[str]]:
    """Return the records whose id was not there before; the others are duplicates, those that differ conflicts.

    A label may be told later: it is no difference, and the last one counts.
    """
    id = str(config.columns.id)
    content = [name for name, type in table.types.items() if type and name != config.columns.label]
    again = duplicates(frame, table.rows, id, content)
    for name, rows in (("duplicates", again), ("conflicts", again.filter(~pl.col(SAME)))):
        findings[name] = Finding(len(rows), _with_id(frame, rows, id))
    if len(again) == 0:
        return frame, []
    labelled, read = with_late_labels(frame, again, id)
    return labelled.join(again.lazy(), on=ROW, how="anti", maintain_order="left"), read


def _with_id(frame: pl.LazyFrame, rows: pl.DataFrame, id: str) -> list[str]:
    if len(rows) == 0:
        return []
    first = frame.select(ROW, id).filter(pl.col(ROW).is_in(rows[ROW][:EXAMPLES].implode()))
    return [f"row {row}: {id} = {value}" for row, value in first.collect(engine="streaming").iter_rows()]


def _rows(frame: pl.LazyFrame | None) -> list[str]:
    return [] if frame is None else [f"row {row}" for row in frame.collect(engine="streaming")[ROW]]


def _why(findings: Findings) -> str:
    found = {
        name.replace("_", " "): finding for name, finding in findings.items() if name in _LEFT_OUT and finding.count
    }
    return "; ".join(f"{name}: {finding.count:,} ({finding.examples[0]})" for name, finding in found.items())
