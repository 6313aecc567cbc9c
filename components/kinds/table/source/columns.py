"""Which types of columns go together: later files are held to the types of the first."""

import pyarrow as pa
import pyarrow.compute as pc

from components.config.errors import DataError
from components.kinds.csv_files import reader


def plain(type: pa.DataType) -> pa.DataType:
    """Return `string` for every way in which Arrow keeps text, and any other type as it is."""
    if pa.types.is_dictionary(type):
        return plain(type.value_type)
    text = pa.types.is_large_string(type) or pa.types.is_string_view(type)
    return pa.string() if text else type


def wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Return a type that holds the values of both, or `one` if there is none."""
    try:
        pair = [pa.schema([("", type)]) for type in (one, other)]
        both = pa.unify_schemas(pair, promote_options="permissive").field(0).type
    except pa.ArrowTypeError:
        both = other
    return both if fits(one, both) and fits(other, both) else one


def check(found: pa.DataType, expected: pa.DataType, name: str, like: str) -> None:
    """See that the column `name` may be brought from one type to the other; values may still not fit.

    Raises:
        DataError: it may not.
    """
    if not fits(found, expected, later=True):
        raise DataError(f"column {name!r} is {found}, expected {expected} as in {like}; write it in that type")


def brought_to(expected: pa.DataType, column: pa.Array, name: str) -> pa.Array:
    """Return the column in the type `expected`, no value changed.

    Raises:
        DataError: a value would change.
    """
    if column.type.equals(expected):
        return column
    if pa.types.is_floating(column.type) and pa.types.is_integer(expected):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    try:
        return column.cast(expected, safe=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"column {name!r} is {column.type}, expected {expected}: {error}") from error


def also(column: pa.Field, other: pa.DataType) -> pa.DataType:
    """Return the column's type; that of its texts as numbers, where they may be some and `other` is of numbers."""
    told = (column.metadata or {}).get(reader.ALSO)
    numeric = pa.types.is_integer(other) or pa.types.is_floating(other)
    return pa.float64() if told and numeric else column.type


def fits(found: pa.DataType, expected: pa.DataType, later: bool = False) -> bool:
    """Whether values of one type may be brought to the other; `later`: 7.0 to 7 too, whatever else there may be."""
    of = pa.types
    if found.equals(expected) or of.is_null(found):
        return True
    if of.is_integer(found):
        return bool(of.is_integer(expected) or of.is_floating(expected))
    if of.is_floating(found):
        wide = of.is_floating(expected) and found.bit_width <= expected.bit_width
        return bool(wide or (later and of.is_integer(expected)))
    if of.is_date(found):
        return bool(of.is_date(expected) or (of.is_timestamp(expected) and expected.tz is None))
    if of.is_timestamp(found):
        return bool(of.is_timestamp(expected) and found.tz == expected.tz)
    return bool(of.is_decimal(found) and of.is_decimal(expected))
