"""Labels that came later: the same record once more, and now it is known what became of it."""

import polars as pl

from components.kinds.column import ROW
from components.kinds.table.prepare.duplicates import SAME
from components.kinds.table.prepare.labels import LABEL

_TOLD, _FIRST = "journeyman:told", "journeyman:first"


def with_late_labels(frame: pl.LazyFrame, again: pl.DataFrame, id: str) -> tuple[pl.LazyFrame, list[str]]:
    """Return `frame` with the last known label of each record that came again unchanged, and a sentence if any changed.

    Args:
        frame: the records with `LABEL`, those that came again among them.
        again: the rows that came again, and whether they are the `SAME` but for the label.
        id: the column that tells records apart.
    """
    copies = again.lazy().filter(SAME).select(ROW)
    ids = frame.select(ROW, id).join(copies, on=ROW, how="semi").select(id).unique()
    mine = frame.select(ROW, id, LABEL).join(ids, on=id, how="semi").join(again.lazy(), on=ROW, how="left")
    known = pl.col(LABEL).filter((pl.col(LABEL) >= 0) & pl.col(SAME).fill_null(True))
    told = mine.sort(ROW).group_by(id).agg(pl.col(LABEL).first().alias(_FIRST), known.last().alias(_TOLD))
    changed = told.filter(pl.col(_TOLD) != pl.col(_FIRST)).select(id, _TOLD).collect()
    if len(changed) == 0:
        return frame, []
    joined = frame.join(changed.lazy(), on=id, how="left", maintain_order="left")
    label = pl.coalesce(_TOLD, LABEL).cast(pl.Int32).alias(LABEL)
    count = f"{len(changed):,} {'record' if len(changed) == 1 else 'records'}"
    return joined.with_columns(label).drop(_TOLD), [f"{count} came again with another label: the last one counts"]
