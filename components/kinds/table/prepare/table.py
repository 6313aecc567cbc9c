"""The raw table, lazily: its columns by their roles, in the few types that the rest of the preparation knows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from components.config.errors import DataError
from components.kinds.column import ROW
from components.kinds.table.codec.schema import Type

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare

TIME = "journeyman:time"
"""A column added to the table, as `ROW` is: whole milliseconds since 1970, null where there is none."""

TEXT = "journeyman:text "
"""Begins the name of the column with those texts of another that are not read: `prepare/reading.py` adds it."""

_EXACT = 2**53  # up to here a float holds every whole number
_LATEST = 253_402_300_800  # seconds since 1970 at the end of the year 9999; larger numbers are no seconds


@dataclass(frozen=True)
class Table:
    """The raw records in order of arrival."""

    frame: pl.LazyFrame
    """The columns that are not dropped, those of `prepare.slices`, and `ROW` and, where there is one, `TIME`."""
    types: Mapping[str, Type | None]
    """Type of each column that is not dropped, in the table's order; None: none that is known here."""
    rows: int
    time: str | None
    """The column that `TIME` is made of; None: there is none, and no `TIME`."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """By column: the one with its texts that say nothing of its type, null where one does."""

    def since(self, time: int) -> pl.Expr:
        """Return which records are of `time` or later, milliseconds since 1970.

        Said of the column itself as well, Polars skips the row groups of the file that are earlier.
        """
        later, told = pl.col(TIME) >= time, self.frame.collect_schema()[str(self.time)]
        if not isinstance(told, pl.Datetime) or told.time_zone not in (None, "UTC"):
            return later
        moment = datetime(1970, 1, 1, tzinfo=UTC if told.time_zone else None) + timedelta(milliseconds=time)
        return later & (pl.col(str(self.time)) >= pl.lit(moment, told))


def open_table(raw: Path, config: "Prepare") -> Table:
    """Return the Parquet file `raw`; only its metadata is read here.

    Missing is null from here on, also where it was NaN, or an empty id or entity.

    Raises:
        DataError: it is not readable or empty, or lacks a column that `config` names.
    """
    scan = pl.scan_parquet(raw, row_index_name=ROW)
    try:
        found, rows = scan.collect_schema(), scan.select(pl.len()).collect(engine="streaming").item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            f"{raw}: not a readable Parquet file ({str(error).splitlines()[0]}); run `dvc repro`"
        ) from error
    if rows == 0:
        raise DataError("the table is empty: it has columns, but no record")
    unread = [name for name in found if name.startswith(TEXT)]
    columns = [name for name in found if name != ROW and name not in unread]
    listed = {"prepare.slices": config.slices, "prepare.columns.text": config.columns.text}
    others = {f"{key} {name}": name for key, names in listed.items() for name in names}
    for role, name in {**roles(config), **others}.items():
        if name not in columns:
            needed = "; without it leave out prepare.columns.time" if name == config.columns.time else ""
            raise DataError(f"column {name!r} ({role}) is missing; {nearest(name, columns)}{needed}")
    used = [name for name in columns if name not in config.columns.drop]
    kept = [name for name in columns if name in used or name in config.slices]
    _check_names(kept)
    names = [config.columns.id, config.columns.group, *config.entities]
    plain = [_plain(name, found[name], named=name in names).alias(name) for name in kept]
    plain = [
        _text(column, found[name]) if name in config.columns.text else column
        for column, name in zip(plain, kept, strict=True)
    ]
    frame = scan.select(ROW, *plain, *unread)
    if config.columns.time is not None:
        frame = frame.with_columns(_milliseconds(config.columns.time, found).alias(TIME))
    types = {name: _type(name, found[name], config) for name in used}
    return Table(frame, types, rows, config.columns.time, {name.removeprefix(TEXT): name for name in unread})


def whole_numbers(table: Table, names: Iterable[str]) -> Table:
    """Return the table with those of the columns `names` as whole numbers that are, though kept as others are.

    pandas keeps whole numbers as 7.0 in a column where one is missing.
    """
    kept = [name for name in names if table.types.get(name) == "number"]
    if not kept:
        return table
    whole = ((pl.col(name) == pl.col(name).round()) & (pl.col(name).abs() <= _EXACT) for name in kept)
    found = table.frame.select(is_so.all().alias(name) for name, is_so in zip(kept, whole, strict=True))
    as_whole = [name for name, is_so in found.collect(engine="streaming").row(0, named=True).items() if is_so]
    frame = table.frame.with_columns(pl.col(name).cast(pl.Int64) for name in as_whole)
    return replace(table, frame=frame, types={**table.types, **dict.fromkeys(as_whole, "integer")})


def _check_names(names: Sequence[str]) -> None:
    """Refuse the few names that mean something else to Polars, to databases, or here."""
    for name in names:
        pattern = name == "*" or (name.startswith("^") and name.endswith("$"))
        if pattern or "\0" in name or name.startswith("journeyman:"):
            raise DataError(
                f"column {name!r}: no column can have this name; rename it, or put it in prepare.columns.drop"
            )


def roles(config: "Prepare") -> dict[str, str]:
    """Return the columns that the configuration names, by the key that names them."""
    columns = config.columns
    named = {f"columns.{role}": getattr(columns, role) for role in ("label", "time", "id", "group", "amount")}
    named |= {f"entities.{name}": name for name in config.entities}
    named |= {f"columns.drop {name}": name for name in columns.drop}
    return {f"prepare.{role}": name for role, name in named.items() if name is not None}


def nearest(name: str, columns: Sequence[str]) -> str:
    """Say which columns there are, and which one may have been meant."""
    close = get_close_matches(name.lower(), [column.lower() for column in columns], n=1, cutoff=0.5)
    meant = f". Did you mean {next(column for column in columns if column.lower() == close[0])!r}?" if close else ""
    return f"the table has {', '.join(columns[:20])}{' and more' if len(columns) > 20 else ''}{meant}"


def _type(name: str, found: pl.DataType, config: "Prepare") -> Type | None:
    timely = found.is_temporal() or found.is_numeric() or found == pl.String
    if name == config.columns.time and timely and found not in (pl.Time, pl.Duration):
        return "time"
    if name in config.columns.text and found.is_numeric():
        return "category"
    if found.is_integer():
        return "integer"
    if found.is_float() or found.is_decimal():
        return "number"
    if found in (pl.Datetime, pl.Date):
        return "time"
    if found in (pl.String, pl.Categorical, pl.Enum, pl.Null):  # where all is missing, it says so in time
        return "category"
    return "boolean" if found == pl.Boolean else None


def _plain(name: str, found: pl.DataType, named: bool) -> pl.Expr:
    column = pl.col(name)
    if found.is_float() or found.is_decimal():
        return column.cast(pl.Float64).fill_nan(None)
    if found == pl.Date:
        return column.cast(pl.Datetime("ms"))
    if isinstance(found, pl.Datetime) and found.time_unit == "ns":
        return column.cast(pl.Datetime("us", found.time_zone))
    text = column.cast(pl.String) if found in (pl.Categorical, pl.Enum, pl.Null) else column
    return pl.when(text != "").then(text) if named and found in (pl.String, pl.Categorical, pl.Enum) else text


def _text(column: pl.Expr, found: pl.DataType) -> pl.Expr:
    """Return numbers as text; whole ones without a point, as in a table that lacks some of them they have one."""
    if not found.is_numeric():
        return column
    whole = column.cast(pl.Int64, strict=False)
    return pl.when(column == whole).then(whole.cast(pl.String)).otherwise(column.cast(pl.String)).name.keep()


def _milliseconds(name: str, found: Mapping[str, pl.DataType]) -> pl.Expr:
    """Return times as `codec.values.milliseconds` does: what is finer than a millisecond is cut off."""
    column, dtype = pl.col(name), found[name]
    if dtype.is_integer():
        return pl.when(column.cast(pl.Int64).abs() < _LATEST).then(column.cast(pl.Int64) * 1_000)
    if dtype.is_float() or dtype.is_decimal():
        microseconds = (column * 1e6 + 0.5).floor().cast(pl.Int64, strict=False)
        return pl.when(column.abs() < _LATEST).then(microseconds // 1_000)
    if dtype == pl.String:
        return column.str.to_datetime(time_unit="ms", time_zone="UTC", strict=False).dt.epoch("ms")
    if dtype in (pl.Datetime, pl.Date):
        return column.dt.epoch("ms")
    raise DataError(f"column {name!r} (prepare.columns.time) is no time: found {dtype}")
