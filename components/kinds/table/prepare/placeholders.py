"""Numbers that people write where there is none: -999 in a column of amounts. Noticed, and taken as they are."""

from collections.abc import Sequence

import polars as pl

from components.kinds.table.prepare.findings import EXAMPLES, Finding
from components.kinds.table.prepare.table import Table

_NINES = [float("9" * digits) for digits in range(2, 10)]
_PLACEHOLDERS = pl.Series([-1.0, *_NINES, *(-number for number in _NINES), -(2.0**31), 2.0**31 - 1])
_FEWEST = 3  # records that have it
_FAR = 3  # times the span of the other numbers


def placeholders(table: Table, columns: Sequence[str]) -> Finding:
    """Return the columns in which a number that often stands for none lies apart from all others.

    It is apart where the others have another sign, or where it is farther from them than three times the span of these.

    Args:
        table: the table.
        columns: those of numbers, features.
    """
    if not columns:
        return Finding(0, [])
    row = table.frame.select(_looked(name) for name in columns).collect(engine="streaming").row(0, named=True)
    found = [said for name in columns if (said := _said(name, **row[name]))]
    return Finding(len(found), found[:EXAMPLES])


def _looked(name: str) -> pl.Expr:
    """Return the candidates of a column, and what the other numbers are."""
    number = pl.col(name).cast(pl.Float64)
    candidate = number.is_in(_PLACEHOLDERS.implode())
    others = number.filter(number.is_finite() & ~candidate)
    values = number.filter(candidate).implode()
    return pl.struct(others.min().alias("least"), others.max().alias("largest"), values.alias("values")).alias(name)


def _said(name: str, least: float | None, largest: float | None, values: list[float]) -> str:
    """Return what is said of the column; nothing where it has none."""
    if not values or least is None or largest is None or least == largest:
        return ""
    value, count = pl.Series(values).value_counts(sort=True).row(0)
    far = max(least - value, value - largest) > _FAR * (largest - least)
    if count < _FEWEST or not (far or (value < -1 and least >= 0)):
        return ""
    others = f"the others {least:g} to {largest:g}"
    return f"{name} = {value:g} in {count:,} records, {others}: write nothing where there is none"
