"""Records whose id was there before, found in bounded memory."""

import math
from collections.abc import Sequence

import polars as pl

from components.kinds.column import ROW

PART = 8_000_000
"""Ids that are held in memory at a time."""

SAME = "journeyman:same"
"""Column of the answer: the row is in every column what the first one with its id is."""

_FALLS, _CONTENT = "journeyman:falls", "journeyman:content"


def duplicates(frame: pl.LazyFrame, rows: int, id: str, columns: Sequence[str]) -> pl.DataFrame:
    """Return the rows, ascending, whose id stands in an earlier one, and whether they are `SAME` in all `columns`.

    Missing ids are no one's duplicates. Ids that only ever increase have none. Others are looked through in parts, by
    their hash: one pass a part.
    """
    falls = pl.col(id) <= pl.col(id).shift(1)
    marked = frame.select(id, falls.alias(_FALLS))  # apart from the sums: then it streams
    summary = marked.select(pl.col(_FALLS).sum(), pl.col(id).null_count())
    if not any(summary.collect(engine="streaming").row(0)):
        return pl.DataFrame(schema={ROW: pl.UInt32, SAME: pl.Boolean})
    parts = math.ceil(rows / PART)
    whole = frame.select(ROW, id, pl.struct(columns).hash().alias(_CONTENT)).filter(pl.col(id).is_not_null())
    found = [_in_part(whole, id, part, parts) for part in range(parts)]
    return pl.concat(found).sort(ROW)


def _in_part(frame: pl.LazyFrame, id: str, part: int, parts: int) -> pl.DataFrame:
    mine = frame if parts == 1 else frame.filter(pl.col(id).hash() % parts == part)
    ids = mine.collect(engine="streaming").sort(ROW)
    again = ids.filter(pl.col(id).is_duplicated())  # the few that matter
    same = (pl.col(_CONTENT) == pl.col(_CONTENT).first().over(id)).alias(SAME)
    return again.with_columns(same).filter(~pl.col(id).is_first_distinct()).select(ROW, SAME)
