"""Records whose id was there before, found in bounded memory."""

import math

import polars as pl

from components.kinds.table.prepare.table import ROW

PART = 8_000_000
"""Ids that are held in memory at a time."""

_FALLS = "journeyman:falls"


def duplicates(frame: pl.LazyFrame, rows: int, id: str) -> pl.Series:
    """Return the rows, ascending, whose id stands in an earlier one. Missing ids are no one's duplicates.

    Ids that only ever increase have none. Others are looked through in parts, by their hash: one pass a part.
    """
    falls = pl.col(id) <= pl.col(id).shift(1)
    marked = frame.select(id, falls.alias(_FALLS))  # apart from the sums: then it streams
    summary = marked.select(pl.col(_FALLS).sum(), pl.col(id).null_count())
    if not any(summary.collect(engine="streaming").row(0)):
        return pl.Series(ROW, [], pl.UInt32)
    parts = math.ceil(rows / PART)
    found = [_in_part(frame.select(ROW, id).drop_nulls(), id, part, parts) for part in range(parts)]
    return pl.concat(found).sort()


def _in_part(frame: pl.LazyFrame, id: str, part: int, parts: int) -> pl.Series:
    mine = frame if parts == 1 else frame.filter(pl.col(id).hash() % parts == part)
    ids = mine.collect(engine="streaming").sort(ROW)
    return ids.filter(~pl.col(id).is_first_distinct())[ROW]
