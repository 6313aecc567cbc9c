"""Columns that number the rows: a pandas index that was written with the table, and the like. They are no features."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from components.config.errors import DataError
from components.kinds.table.codec.schema import INDEX, Schema
from components.kinds.table.prepare.infer import Profile
from components.kinds.table.prepare.table import Table, roles

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare

_WRITTEN = re.compile(r"Unnamed: 0(_level_\d+)?(\.\d+)*|__index_level_\d+__")
"""Those that nothing but an index has."""
_NAMES = re.compile(r"index|level_\d+|rows?|row[ _.]?(id|nr|no|num|number|names?|index)|rn", re.IGNORECASE)
_IDS = re.compile(r"(?i:(.*[ _.-])?(id|uuid|guid|key|nr|no|num|number|#)\.?)|.*I[dD]")
"""Names of columns that tell one record from another, if nearly every one has its own value."""
_OWN = 0.95  # part of the records that have a value of their own
_FEWEST = 20  # rows; with fewer, numbers count up by chance


def without_index(
    table: Table, profiles: Mapping[str, Profile], schema: Schema | None, path: Path, config: "Prepare"
) -> tuple[Table, list[str]]:
    """Return the table less the columns that only number its rows, and a sentence for each.

    A column stays that has a role in `config`, or that the schema, which stands at `path`, lists.

    Raises:
        DataError: a column that is no index has no name.
    """
    named = {*roles(config).values(), *config.columns.text}
    found = {
        name: why
        for name in table.types
        if name not in named and (why := _numbers_the_rows(table, name, profiles.get(name)))
    }
    listed = [name for name in found if schema is not None and name in schema.columns]
    sentences = [
        f"{name!r} {why}, but {path} lists it: it is a feature; name it in prepare.columns.drop to leave it out"
        if name in listed
        else f"{name!r} {why}: it is left out"
        for name, why in found.items()
    ]
    types = {name: type for name, type in table.types.items() if name not in found or name in listed}
    if "" in types and config.columns.label != "" and (types[""] != "time" or "" in named):
        raise DataError(
            "column '' has no name, which MLflow cannot do without: name it, or put '' in prepare.columns.drop"
        )
    return replace(table, types=types), sentences


def _numbers_the_rows(table: Table, name: str, profile: Profile | None) -> str | None:
    """Return how the column is an index, or None: it is none."""
    if profile is None or table.types[name] is None:
        return None
    if INDEX.fullmatch(name) and (why := _as_written(table, name, profile)):
        return why
    return _by_its_values(table, name, profile) if table.rows >= _FEWEST else None


def _as_written(table: Table, name: str, profile: Profile) -> str | None:
    """Return how a column without a name of its own is an index that was written with the table."""
    type = table.types[name]
    if profile.nulls == table.rows:
        return "has neither a name nor a value"
    written = _WRITTEN.fullmatch(name) is not None or name == next(iter(table.types))
    if written and (type == "integer" or (type == "number" and _all(table, pl.col(name) == pl.col(name).round()))):
        return "is an index that was written with the table"
    if type in ("category", "time") and profile.nulls == 0 and _distinct(table, name) == table.rows:
        return "has no name and another value in each row, as an index does"
    return None


def _by_its_values(table: Table, name: str, profile: Profile) -> str | None:
    whole = table.types[name] == "integer"
    if whole and profile.nulls == 0 and _is_a_range(table, name, profile):
        return f"numbers the rows ({profile.least:.0f} to {profile.largest:.0f}), as an index does"
    counting = whole and (_NAMES.fullmatch(name) or INDEX.fullmatch(name))
    if counting and (_distinct(table, name) == table.rows or _counts_up(table, name)):
        return "numbers the rows, as an index does"
    naming = (whole or table.types[name] == "category") and _IDS.fullmatch(name)
    if naming and _distinct(table, name) > _OWN * table.rows:
        return "has another value in each row (if it is an id of records, name it in prepare.columns.id)"
    return None


def _is_a_range(table: Table, name: str, profile: Profile) -> bool:
    """Whether the column has every whole number from its least to its largest once."""
    if profile.least is None or profile.largest is None or profile.largest - profile.least != table.rows - 1:
        return False
    return _distinct(table, name) == table.rows


def _all(table: Table, condition: pl.Expr) -> bool:
    return bool(table.frame.select(condition.all()).collect(engine="streaming").item())


def _distinct(table: Table, name: str) -> int:
    return int(table.frame.select(pl.col(name).n_unique()).collect(engine="streaming").item())


def _counts_up(table: Table, name: str) -> bool:
    """Whether nearly every row has one more than the row before it: the indexes of several files, one after another."""
    step = table.frame.select((pl.col(name) - pl.col(name).shift(1) == 1).alias("step"))
    return float(step.select(pl.col("step").mean()).collect(engine="streaming").item() or 0.0) > 0.95
