"""What a caller's record means where it is written otherwise than the schema has it, and can mean one thing alone.

pandas makes 7.0 of a whole number and NaN of what is missing, databases make 0 and 1 of truth values, forms make texts
of all. A record that is written as the schema has it never comes here.
"""

import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from components.kinds.nulls import is_null
from components.kinds.table.codec import numbers
from components.kinds.table.codec.schema import INDEX, Column

_MISSING = frozenset({"", "nan", "null", "none", "n/a", "na"})  # where a number or a truth value is expected
_WHOLE = re.compile(r"[+-]?\d{1,400}(?:\.0*)?").fullmatch
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?").fullmatch
_ID = re.compile(r"0|-?[1-9]\d*").fullmatch
_LONG = 400  # characters of a text that is looked at
_EXACT = 2**53  # up to here a float holds every whole number
_TRUTH = {"true": True, "yes": True, "y": True, "t": True, "on": True, "1": True} | {
    "false": False, "no": False, "n": False, "f": False, "off": False, "0": False
}  # fmt: skip


def lenient(
    columns: Mapping[str, Column], named: Collection[str], passed_over: Collection[str], nulls: Collection[str] = ()
) -> Any:
    """Return the validator of a record's model that reads what is meant.

    Args:
        columns: what each field holds.
        named: those of them that are an id or name an entity.
        passed_over: columns of the table that no field is made of: a caller may send the whole row.
        nulls: words that mean that a value is missing in a column that is written as text, beside the usual ones.
    """
    ignored = frozenset(passed_over).difference(columns)

    def read(cls: Any, record: Any, validated: ModelWrapValidatorHandler[Any]) -> Any:
        try:
            return validated(record)
        except ValidationError as error:
            if not isinstance(record, dict):
                raise
            first = error
        return validated(_meant(record, columns, named, ignored, nulls, first))

    return model_validator(mode="wrap")(read)


def _meant(
    record: dict[Any, Any],
    columns: Mapping[str, Column],
    named: Collection[str],
    ignored: Collection[str],
    nulls: Collection[str],
    error: ValidationError,
) -> dict[Any, Any]:
    """Return the record as the schema would have it, as far as that is plain.

    Raises:
        ValidationError: it has a field of a name that is not known.
    """
    meant = {}
    for key, value in record.items():
        name = str(key)
        if column := columns.get(name):
            missing = isinstance(value, str) and bool(column.decimal or column.format) and is_null(value, nulls)
            meant[name] = None if missing else as_meant(value, column, name in named)
        elif name not in ignored and not INDEX.fullmatch(name):
            unknown = PydanticCustomError("extra_forbidden", "{reason}", {"reason": _unknown(name, list(columns))})
            raise ValidationError.from_exception_data(
                error.title, [InitErrorDetails(type=unknown, loc=(name,), input=None)]
            ) from error
    return meant


def _unknown(name: str, columns: list[str]) -> str:
    close = get_close_matches(name.lower()[:100], [column.lower() for column in columns], n=1, cutoff=0.6)
    if close:
        said = f"did you mean {next(column for column in columns if column.lower() == close[0])!r}?"
    else:
        said = f"the fields are {', '.join(columns[:20])}{' and more' if len(columns) > 20 else ''}"
    return f"extra inputs are not permitted; {said}"


def as_meant(value: Any, column: Column, named: bool) -> Any:
    """Return a value as its column would have it; `named`: it is an id or names an entity."""
    if value is None or value != value:  # NaN, as pandas has what is missing
        return None
    return _READ[column.type](value, column, named)


def _integer(value: Any, column: Column, named: bool) -> Any:
    """Return 7 of 7.0, "7", "7.0"; of true 1, unless it is to name something."""
    if isinstance(value, bool):
        return value if named else int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    if isinstance(value, str) and len(value) <= _LONG:
        text = value.strip()
        if column.decimal is not None:
            number = numbers.of_text(text, column.decimal, column.units or ())
            return int(number) if number is not None and number.is_integer() and abs(number) <= _EXACT else value
        if _WHOLE(text):
            return int(text.partition(".")[0])
        return None if text.lower() in _MISSING else value
    return value


def _number(value: Any, column: Column, named: bool) -> Any:
    if isinstance(value, str) and len(value) <= _LONG:
        text = value.strip()
        if column.decimal is not None:
            number = numbers.of_text(text, column.decimal, column.units or ())
            return value if number is None else number
        if _NUMBER(text):
            return float(text)
        return None if text.lower() in _MISSING else value
    return value


def _boolean(value: Any, column: Column, named: bool) -> Any:
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and len(value) <= _LONG:
        text = value.strip().lower()
        return None if text in _MISSING else _TRUTH.get(text, value)
    return value


def _text(value: Any, column: Column, named: bool) -> Any:
    """Return "7" of 7 where the column's texts are whole numbers; with zeros before them it could be another one."""
    known = column.values if column.values is not None else (column.example,)
    if isinstance(value, bool):
        return next((text for text in _written(value) if text in known), value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        value = int(value)
    if not isinstance(value, int) or abs(value) > 10**_LONG:
        return value
    whole = [text for text in known if isinstance(text, str) and text.lstrip("-").isdecimal()]
    return str(value) if whole and all(map(_ID, whole)) else value


def _written(value: bool) -> tuple[str, ...]:
    return (str(value).lower(), str(value), str(value).upper())


def _as_it_is(value: Any, column: Column, named: bool) -> Any:
    return value


_READ: Mapping[str, Callable[[Any, Column, bool], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "category": _text,
    "time": _as_it_is,
    "date": _as_it_is,
    "text": _text,
}
