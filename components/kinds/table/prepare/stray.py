"""A few records whose times lie far from all others: a slip of the pen, or a date that stands for none."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from components.kinds.column import ROW
from components.kinds.table.codec.features import DAY
from components.kinds.table.prepare.findings import EXAMPLES, FEW, Finding
from components.kinds.table.prepare.table import TIME

_HOUR = DAY // 24
_FEWEST = 20  # records that a table must have for some of them to be far from the others
_PART = 1_000  # one in so many records is few, too
_TIMES = 3  # as long as the longest gap among the others is far
_FAR = 30 * DAY  # and no less than this, or than the time that the others span
_NOTHING = ("0001-01-01", "1601-01-01", "1753-01-01", "1899-12-30", "1900-01-01", "1904-01-01", "1970-01-01")
"""Dates that systems write where there is none."""

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Stray:
    """Which records are far from all others."""

    finding: Finding
    condition: pl.Expr
    read: list[str]


def stray(frame: pl.LazyFrame, column: str) -> Stray | None:
    """Return the records that lie apart, before or behind all others; None: there are none.

    They are at most three, or one in a thousand, or bear a date that stands for none, and the gap between them and the
    others is longer than three times the longest gap among the others, and than a month, or all that the others span
    where that is less. Two years with a summer without records between them stay whole.

    Args:
        frame: the records that can be used.
        column: the name of the column with the times.
    """
    counted = frame.select((pl.col(TIME) // _HOUR).alias("hour")).group_by("hour").len("records")
    hours = counted.collect(engine="streaming").sort("hour")
    kept = _kept(hours["hour"].to_numpy() * _HOUR, hours["records"].to_numpy().astype(np.int64))
    if kept is None:
        return None
    condition = ~pl.col(TIME).is_between(kept[0], kept[1], closed="left")
    apart = frame.filter(condition).select(ROW, column)
    count = apart.select(pl.len()).collect(engine="streaming").item()
    some = apart.head(EXAMPLES).collect(engine="streaming").rows()
    examples = [f"row {row}: {column} = {value}" for row, value in some]
    lie, are = ("record lies", "is") if count == 1 else ("records lie", "are")
    shown = ", ".join([*examples, *([f"and {count - EXAMPLES:,} more"] if count > EXAMPLES else [])])
    said = (
        f"{count:,} {lie} far from all others in time ({shown}) and {are} left out: "
        f"the others are from {_date(kept[0])} to {_date(kept[1] - 1)}"
    )
    return Stray(Finding(count, examples), condition, [said])


def _kept(times: Int64, counts: Int64) -> tuple[int, int] | None:
    """Return from when to when the records are that belong together; None: all do.

    Args:
        times: `[N]` beginnings of the hours that have records, ascending.
        counts: `[N]` records of each.
    """
    dated = ~np.isin(times // DAY, [day + shift for day in map(_day, _NOTHING) for shift in (-1, 0, 1)])
    hours, records = times[dated], counts[dated]
    total = int(records.sum())
    if total < max(_FEWEST, counts.sum() / 2):
        return None
    few = max(FEW, total // _PART)
    after = np.cumsum(records)
    before = after - records
    core = hours[(after > few) & (before < total - few)]
    longest = int(np.diff(core).max(initial=0))
    far = max(_TIMES * longest, min(_FAR, int(core[-1] - core[0])), DAY)
    gaps = np.diff(hours) > far
    early = np.flatnonzero(gaps & (before[1:] <= few))  # all before is apart
    late = np.flatnonzero(gaps & (total - after[:-1] <= few))  # all behind is
    first = int(hours[early[-1] + 1 if len(early) else 0])
    end = int(hours[late[0] if len(late) else -1]) + _HOUR
    outside = times[~dated]
    first = min([first, *(int(time) for time in outside if first - far <= time < first)])
    end = max([end, *(int(time) + _HOUR for time in outside if end <= time <= end + far)])
    return None if first <= times[0] and end > times[-1] else (first, end)


def _day(date: str) -> int:
    return int((datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) * 1_000) // DAY


def _date(time: int) -> str:
    return datetime.fromtimestamp(time / 1_000, UTC).strftime("%Y-%m-%d")
