"""Which columns hold dates of which features are made, and which hold free text, of which none is."""

import polars as pl

from components.kinds.table.codec.dates import Part
from components.kinds.table.codec.features import DAY
from components.kinds.table.codec.schema import Schema
from components.kinds.table.prepare.table import Table

_FEWEST = 20  # texts that must be there; fewer are all different by chance
_DIFFERENT = 0.5  # part of the texts that are different, from which no category is to be seen in them
_LONG = 20  # characters that they have on average


def date_parts(table: Table, name: str) -> tuple[Part, ...]:
    """Return what features are made of in a column of dates that is not the time of a record: all that differs in it.

    None are made of times of day without a date, which are read as those of the first day of 1970.
    """
    time = pl.col(name).dt.epoch("ms")
    first = table.frame.select(
        days=(time // DAY).drop_nulls().n_unique(),
        year=pl.col(name).dt.month().drop_nulls().n_unique(),
        week=pl.col(name).dt.weekday().drop_nulls().n_unique(),
        day=pl.col(name).dt.hour().drop_nulls().n_unique(),
        dated=(time // DAY != 0).any(),
    )
    found = first.collect(engine="streaming").row(0, named=True)
    parts: tuple[Part, ...] = ("days", "year", "week", "day")
    return tuple(part for part in parts if found[part] > 1) if found["dated"] else ()


def is_free_text(table: Table, name: str) -> bool:
    """Whether a column of texts is free text: most are different, and they are long."""
    text = pl.col(name).cast(pl.String)
    found = table.frame.select(
        count=text.drop_nulls().len(), different=text.drop_nulls().n_unique(), length=text.str.len_chars().mean()
    )
    count, different, length = found.collect(engine="streaming").row(0)
    return bool(count >= _FEWEST and different > _DIFFERENT * count and length >= _LONG)


def sentences(schema: Schema, time: str | None) -> list[str]:
    """Say which columns are dates and free text.

    Args:
        schema: of the columns.
        time: the one that is the time of a record.
    """
    dates = [name for name, column in schema.columns.items() if column.type == "date"]
    texts = [name for name, column in schema.columns.items() if column.type == "text"]
    said = []
    if dates:
        asked = "" if time else "; if one says when a record was made, name it in prepare.columns.time"
        said.append(f"of the dates in {_listed(dates)} features are made{asked}")
    if texts:
        said.append(
            f"{_listed(texts)} {'hold' if len(texts) > 1 else 'holds'} free text, of which no feature is made; to have "
            f"its commonest values told apart, name it in prepare.columns.text, and delete the schema"
        )
    return said


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))
