"""Texts, as they stand in a CSV file or in a folder's name -> values of a type."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from components.kinds import nulls

Read = Callable[[pa.DataType, pa.Array], pa.Array]

_MISSING = pa.array([None, "", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "NaT"])
_SAID = sorted({form for word in nulls.NULLS for form in (word, word.upper(), word.capitalize(), word.title())})
_NONE = pa.array([None, " ", "  ", *_SAID])  # among numbers and times; among texts they are texts
_NAME = r"^[+-]?(0[0-9xX]|[0-9]{19})"  # a postcode, a hash, a card: read as a number, it would not be the same again
_POINT = r"^[+-]?(0+\.|[0-9]{4,}\.|[0-9]*\.([0-9]{0,2}$|[0-9]{4,})|[^.]*\.[0-9]*[eE])"  # of decimals, never thousands
_NUMBERS = (pa.int64(), pa.float64())
_TYPES = (
    *_NUMBERS,
    pa.bool_(),
    pa.date32(),
    *(pa.timestamp(unit, zone) for unit in ("us", "ns") for zone in (None, "UTC")),
)


class Reading:
    """What all texts seen so far can be read as."""

    def __init__(self) -> None:
        self._types = list(_TYPES)
        self._empty = True
        self._words = False  # among what is missing are words that may also be texts
        self._dotted = False
        self.point = False
        """Whether there is a number with a decimal point that can be nothing else."""

    def see(self, texts: pa.Array) -> None:
        """Leave out the types that these texts cannot be read as."""
        values = texts.filter(pc.invert(pc.is_in(texts, _MISSING)))
        if len(values) == 0:
            return
        numbers = values.filter(pc.invert(pc.is_in(values, _NONE)))
        self._words |= len(numbers) < len(values)
        self._empty &= len(numbers) == 0
        self._types = [type for type in self._types if readable(type, values if pa.types.is_boolean(type) else numbers)]
        if any(type in self._types for type in _NUMBERS):
            self._see_numbers(numbers)

    def _see_numbers(self, values: pa.Array) -> None:
        if pc.any(pc.match_substring_regex(values, _NAME)).as_py():
            self._types = [type for type in self._types if type not in _NUMBERS]
        elif pa.int64() not in self._types and not self.point:
            self._dotted |= bool(pc.any(pc.match_substring(values, ".")).as_py())
            self.point = bool(pc.any(pc.match_substring_regex(values, _POINT)).as_py())

    @property
    def doubtful(self) -> bool:
        """Whether the numbers have a point that may also part thousands: `1.234`."""
        return bool(self._types) and self._types[0] == pa.float64() and self._dotted and not self.point

    def type(self) -> pa.DataType:
        """Return the first type that is left: `string` if there is none, `null` if there was nothing to read."""
        if self._empty:
            return pa.string() if self._words else pa.null()
        return self._types[0] if self._types and not self.doubtful else pa.string()


def readable(type: pa.DataType, texts: pa.Array, reading: Read | None = None) -> bool:
    """Tell whether every one of `texts` says a value of `type`, as `read` or another `reading` has it."""
    try:
        (reading or read)(type, texts)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True


def read(type: pa.DataType, texts: pa.Array) -> pa.Array:
    """Return what `texts` say. An empty text is null, and in other types than text so are the usual words for it.

    Dates and times are read as ISO 8601 has them.

    Raises:
        pyarrow.ArrowInvalid: one of them says no value of `type`.
        pyarrow.ArrowNotImplementedError: none could.
    """
    if pa.types.is_null(type) and pc.all(pc.is_in(texts, _NONE), min_count=0).as_py():
        return pa.nulls(len(texts))
    if pa.types.is_string(type):
        missing = pc.equal(texts, "")
    else:
        missing = pc.is_in(texts, _MISSING if pa.types.is_boolean(type) else _NONE)
    return pc.if_else(missing, pa.scalar(None, pa.string()), texts).cast(type)


def brought(type: pa.DataType, texts: pa.Array) -> pa.Array:
    """Return what `read` does, and 7 of 7.0: so pandas writes a whole number where another one is missing.

    Raises:
        pyarrow.ArrowInvalid: one of the texts says no value of `type`.
        pyarrow.ArrowNotImplementedError: none could.
    """
    if pa.types.is_integer(type):
        texts = pc.replace_substring_regex(texts, r"^([+-]?\d+)\.0?$", r"\1")
    return read(type, texts)


def told(texts: pa.Array) -> pa.Array:
    """Return texts of numbers, those that mean that there is none left out."""
    return pc.if_else(pc.is_in(texts, _NONE), pa.scalar(None, pa.string()), texts)
