"""What a record says in JSON -> arrays. `prepare` reads the same out of the table's columns."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import numpy as np

from components.config.errors import BadRequest
from components.kinds.table.codec.features import MOST, Definition, Float32, Float64, Int64, fixed_point, with_dates

Record = Mapping[str, Any]
"""Values by column; one that is left out is missing, as null is."""
Value = TypeVar("Value")

_NO_TIME = "expected a time as 2018-04-01T12:30:00Z, or in seconds since 1970"
_EPOCH = datetime(1970, 1, 1)  # without a zone: UTC
_MILLISECOND = timedelta(milliseconds=1)
_LATEST = 253_402_300_800  # seconds since 1970 at the end of the year 9999
_LARGEST = float(np.finfo(np.float32).max)


def numbers(records: Sequence[Record], definition: Definition) -> Float64:
    """Return `definition.numbers`, and behind them what is made of `definition.dates`; missing is NaN.

    Raises:
        BadRequest: a value is no number, or larger than a float32 holds; or it is no date.
    """
    plain = _table([_read(records, name, _number) for name in definition.numbers], len(records))
    if not definition.dates:
        return plain
    return with_dates(
        plain, _table([_read(records, name, _date) for name in definition.dates], len(records)), definition
    )


def categories(records: Sequence[Record], definition: Definition) -> Float32:
    """Return `definition.categories` as `[N, categories]`: positions from 1; missing and unknown are 0.

    Raises:
        BadRequest: a value is no text.
    """
    columns = []
    for name, known in definition.categories.items():
        code: dict[str | None, int] = {value: index for index, value in enumerate(known, start=1)}
        columns.append([float(code.get(value, 0)) for value in _read(records, name, _text)])
    return _table(columns, len(records)).astype(np.float32)


def times(records: Sequence[Record], definition: Definition) -> Int64:
    """Return `[N]` whole milliseconds since 1970: of ISO 8601 texts, or of seconds since 1970. No zone: UTC.

    Raises:
        BadRequest: a time is missing or is none.
        ValueError: the definition has no time.
    """
    if definition.time is None:
        raise ValueError("these records have no time")
    return np.array(_read(records, definition.time, milliseconds), dtype=np.int64)


def amounts(records: Sequence[Record], definition: Definition) -> Int64:
    """Return `[N]` amounts in units of their last decimal; missing is 0, as is all where the definition has no amount.

    Raises:
        BadRequest: an amount is no number, or too large.
    """
    if definition.amount is None:
        return np.zeros(len(records), dtype=np.int64)
    most = MOST / 10**definition.decimals
    return fixed_point(
        np.array(_read(records, definition.amount, lambda value: _amount(value, most))), definition.decimals
    )


def texts(records: Sequence[Record], column: str) -> list[str]:
    """Return an id or an entity of each record as text; missing is empty.

    Raises:
        BadRequest: a value is neither text nor a whole number.
    """
    return _read(records, column, _name)


def milliseconds(value: Any) -> int:
    """Return a time as whole milliseconds since 1970; what is finer is cut off.

    Raises:
        ValueError: it is no time.
    """
    moment = _moment(value) if isinstance(value, str) else value
    if isinstance(moment, datetime):
        offset = moment.utcoffset() or timedelta(0)
        return (moment.replace(tzinfo=None) - _EPOCH - offset) // _MILLISECOND
    if isinstance(moment, bool) or not isinstance(moment, int | float) or not abs(moment) < _LATEST:
        raise ValueError(_NO_TIME)
    return moment * 1_000 if isinstance(moment, int) else math.floor(moment * 1e6 + 0.5) // 1_000


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(_NO_TIME) from error


def _read(records: Sequence[Record], column: str, read: Callable[[Any], Value]) -> list[Value]:
    values = []
    for index, record in enumerate(records):
        try:
            values.append(read(record.get(column)))
        except (ValueError, OverflowError) as error:
            where = f"record {index + 1}: " if len(records) > 1 else ""
            raise BadRequest(f"{where}{column}: {error}, found {_shown(record.get(column))}") from error
    return values


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    if not isinstance(value, int | float):
        raise ValueError("expected a number")
    if not abs(value) <= _LARGEST:
        raise ValueError(f"expected a number of at most {_LARGEST:.1e}")
    return float(value)


def _date(value: Any) -> float:
    return math.nan if value is None else float(milliseconds(value))


def _amount(value: Any, most: float) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= most:
        raise ValueError(f"expected an amount of at most {most:.0f}")
    return float(value)


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("expected a text")
    return value


def _name(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("expected a text or a whole number")
    return str(value)


def _table(columns: list[list[float]], rows: int) -> Float64:
    return np.array(columns, dtype=np.float64).reshape(len(columns), rows).T


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
