"""Answers that somebody took something from -> interactions: who asked, what was taken, and when.

Of whom nobody says who he is there is no interaction: such a row has no user, and `prepare` leaves it out. The
probability with which the item was shown is the `share` of the label; where none is told, but asked for by the section,
`prepare` leaves the row out as well.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from components.kinds.interactions.params.columns import find_columns
from components.kinds.logged import LoggedRow

if TYPE_CHECKING:
    from components.kinds.interactions.params import Workload

_NARROW = 64  # bits of a whole number that holds milliseconds since 1970


def takes_unlabelled(workload: Any) -> bool:
    """Return no: a list that nothing was taken from is no interaction."""
    return False


def raw(rows: Sequence[LoggedRow], schema: pa.Schema, workload: "Workload") -> pa.Table:
    """Return interactions; other columns of the source are empty. What is taken counts as liked enough."""
    plain, columns = schema.remove_metadata(), find_columns(schema.names, workload.prepare)
    said: dict[str, Sequence[Any]] = {
        columns.user: [(row.record or {}).get(columns.user) for row in rows],
        columns.item: [row.label for row in rows],
    }
    if columns.value:
        said[columns.value] = [math.ceil(workload.prepare.least)] * len(rows)
    if columns.propensity:
        said[columns.propensity] = [row.share for row in rows]
    arrays = [
        _times(rows, field.type)
        if field.name == columns.time
        else pa.array([_as(value, field.type) for value in said.get(field.name, [None] * len(rows))], field.type)
        for field in plain
    ]
    return pa.Table.from_arrays(arrays, schema=plain)


def _as(value: Any, kind: pa.DataType) -> Any:
    """Return the value in the type of a column; None: it is none of that type, as a name where there are numbers."""
    try:
        return None if value is None else pa.scalar(str(value)).cast(kind).as_py()
    except pa.ArrowInvalid:
        return None


def _times(rows: Sequence[LoggedRow], kind: pa.DataType) -> pa.Array:
    """Return when each was taken, as `prepare` reads the column: times, or numbers since 1970, or either as text."""
    moments = pa.array([row.time for row in rows], pa.timestamp("ms", "UTC")).cast(pa.timestamp("ms"))
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return moments.cast(kind, safe=False)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return moments.cast(pa.string()).cast(kind)
    numbers = moments.cast(pa.int64())
    narrow = pa.types.is_integer(kind) and kind.bit_width < _NARROW
    return (pc.divide(numbers, 1_000) if narrow else numbers).cast(kind, safe=False)
