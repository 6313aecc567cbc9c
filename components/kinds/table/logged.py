"""Answers about records -> raw records: the columns as they were sent, in the types of the source's."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from components.config.errors import DataError
from components.kinds.logged import LoggedRow

if TYPE_CHECKING:
    from components.kinds.table.params import Workload


def takes_unlabelled(workload: Any) -> bool:
    """Return whether records count for others: where entities have windows, all that they did is counted."""
    return bool(workload.prepare.entities)


def held_back(workload: "Workload") -> float:
    """Return the days of validation, of the delay and of the test split, the last ones; 0: the splits are drawn."""
    config = workload.prepare
    return sum(config.split.days[1:]) + config.delay if config.by_time else 0.0


def raw(rows: Sequence[LoggedRow], schema: pa.Schema, workload: Any) -> pa.Table:
    """Return the records as raw records; of an answer that is told by its label alone nothing else is known."""
    label = workload.prepare.columns.label
    plain = schema.remove_metadata()
    columns = []
    for field in plain:
        said = [row.label if field.name == label else (row.record or {}).get(field.name) for row in rows]
        try:
            columns.append(_column(said, field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, ValueError) as error:
            raise DataError(
                f"column {field.name!r}: what was answered does not fit the source's {field.type} ({error})"
            ) from error
    return pa.Table.from_arrays(columns, schema=plain)


def _column(said: Iterable[Any], type: pa.DataType) -> pa.Array:
    """Return values of JSON in the type of a column."""
    if pa.types.is_timestamp(type) or pa.types.is_date(type):
        return pa.array([_moment(value) for value in said], pa.timestamp("us")).cast(type, safe=False)
    texts = [None if value is None or value == "" else _text(value) for value in said]
    if pa.types.is_string(type) or pa.types.is_large_string(type):
        return pa.array(texts, type)
    column = pa.array(texts, pa.string())
    if pa.types.is_integer(type):
        return column.cast(pa.float64()).cast(type)
    return column.cast(type)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _moment(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    found = datetime.fromisoformat(str(value))
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
