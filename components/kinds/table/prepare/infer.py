"""The schema of a table that is seen for the first time, and what there is in the columns of any."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from components.config.errors import DataError
from components.kinds.table.codec.schema import Column, Schema, Type
from components.kinds.table.prepare.column_types import date_parts, is_free_text
from components.kinds.table.prepare.table import TIME, Table

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare

KNOWN = 200
"""Values of a category that are known, the most frequent ones; the others are taken as unknown."""

_COUNT = "journeyman:count"
_ROOM = 10  # times the largest value seen is still taken
_FIRST = 10_000  # records in which an example is looked for


@dataclass(frozen=True)
class Profile:
    """What there is in one column."""

    nulls: int
    least: float | None
    """Of the finite numbers."""
    largest: float | None
    constant: bool
    """Every value that is there is the same."""


def profile(table: Table) -> dict[str, Profile]:
    """Return the profile of every column of a known type, and of `TIME`, if there is one, in one pass."""
    names = [*(name for name, type in table.types.items() if type), *([TIME] if table.time else [])]
    numbers = [name for name in names if table.types.get(name) in ("integer", "number")]
    finite = {name: pl.when(pl.col(name).cast(pl.Float64).is_finite()).then(pl.col(name)) for name in numbers}
    found = table.frame.select(
        *(_missing(name, table).sum().alias(f"nulls {name}") for name in names),
        *((pl.col(name).min() == pl.col(name).max()).alias(f"constant {name}") for name in names),
        *(finite[name].min().cast(pl.Float64).alias(f"least {name}") for name in numbers),
        *(finite[name].max().cast(pl.Float64).alias(f"largest {name}") for name in numbers),
    )
    row = found.collect(engine="streaming").row(0, named=True)
    return {
        name: Profile(
            row[f"nulls {name}"], row.get(f"least {name}"), row.get(f"largest {name}"), bool(row[f"constant {name}"])
        )
        for name in names
    }


def _missing(name: str, table: Table) -> pl.Expr:
    """Return which values of a column are missing; a text that is not read is none of them."""
    missing = pl.col(name).is_null()
    return missing & pl.col(table.unread[name]).is_null() if name in table.unread else missing


def infer(table: Table, profiles: dict[str, Profile], config: "Prepare") -> Schema:
    """Return the schema that the table fulfils, with room for what later data may bring.

    Raises:
        DataError: a column is of a type that no feature is made of.
    """
    examples = _examples(table)
    columns = {}
    for name, type in table.types.items():
        if type is None:
            raise DataError(f"column {name!r}: neither numbers, texts, truth values nor times; prepare.columns.drop it")
        columns[name] = _column(name, type, table, profiles[name], config).model_copy(
            update={"example": examples.get(name)}
        )
    return Schema(columns=columns)


def _column(name: str, type: Type, table: Table, profile: Profile, config: "Prepare") -> Column:
    if name == config.columns.label:
        return Column(type=type, nulls=1.0)
    nulls = _room(profile.nulls, table.rows) if profile.nulls else 0.0
    if name in (config.columns.id, config.columns.group, *config.entities):  # new ones come every day
        return Column(type=type, nulls=nulls)
    if type == "time" and name != config.columns.time and (parts := date_parts(table, name)):
        return Column(type="date", nulls=nulls, parts=parts)
    if type == "category" and name not in config.columns.text and is_free_text(table, name):
        return Column(type="text", nulls=nulls)
    if type == "category":
        values, others = _values(table, name)
        return Column(type=type, nulls=nulls, values=values, others=others)
    if type in ("integer", "number"):
        minimum, maximum = _range(profile)
        return Column(type=type, nulls=nulls, minimum=minimum, maximum=maximum)
    return Column(type=type, nulls=nulls)


def _values(table: Table, name: str) -> tuple[tuple[str, ...], float | None]:
    """Return the values that are known, and which part of the records may have others, if there are others."""
    counts = table.frame.select(name).drop_nulls().group_by(name).len(_COUNT).collect(engine="streaming")
    known = counts.sort(_COUNT, name, descending=[True, False]).head(KNOWN)
    rare = int(counts[_COUNT].sum()) - int(known[_COUNT].sum())
    return tuple(sorted(known[name].to_list())), _room(rare, table.rows) if rare else None


def _room(count: int, rows: int) -> float:
    """Return twice the part that was seen, and one per cent."""
    return min(1.0, round(2 * count / rows + 0.01, 4))


def _range(profile: Profile) -> tuple[float, float]:
    least, largest = profile.least or 0.0, profile.largest or 0.0
    most = _round_number(_ROOM * max(abs(least), abs(largest), 1.0 / _ROOM))
    return (0.0 if least >= 0 else -_round_number(_ROOM * abs(least))), most


def _round_number(value: float) -> float:
    """Return `value` rounded up to one digit and zeros."""
    digit = 10.0 ** math.floor(math.log10(value))
    return float(f"{math.ceil(value / digit) * digit:.0e}")


def _examples(table: Table) -> dict[str, Any]:
    """Return the first value of each column that is there, in JSON's types."""
    head = table.frame.head(_FIRST).select(pl.col(name).drop_nulls().first() for name in table.types)
    row = head.collect(engine="streaming").row(0, named=True)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
