"""Texts, as they stand in a CSV file or in a folder's name -> values of a type."""

import pyarrow as pa
import pyarrow.compute as pc

_MISSING = pa.array([None, "", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "NaT"])
_NAME = r"^[+-]?(0[0-9xX]|[0-9]{19})"  # a postcode, a hash, a card: read as a number, it would not be the same again
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

    def see(self, texts: pa.Array) -> None:
        """Leave out the types that these texts cannot be read as."""
        values = texts.filter(pc.invert(pc.is_in(texts, _MISSING)))
        if len(values) == 0:
            return
        self._empty = False
        if any(type in self._types for type in _NUMBERS) and pc.any(pc.match_substring_regex(values, _NAME)).as_py():
            self._types = [type for type in self._types if type not in _NUMBERS]
        self._types = [type for type in self._types if readable(type, values)]

    def type(self) -> pa.DataType:
        """Return the first type that is left: `string` if there is none, `null` if there was nothing to read."""
        if self._empty:
            return pa.null()
        return self._types[0] if self._types else pa.string()


def readable(type: pa.DataType, texts: pa.Array) -> bool:
    """Tell whether every one of `texts` says a value of `type`."""
    try:
        read(type, texts)
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
    if pa.types.is_null(type) and pc.all(pc.is_in(texts, _MISSING), min_count=0).as_py():
        return pa.nulls(len(texts))
    missing = pc.equal(texts, "") if pa.types.is_string(type) else pc.is_in(texts, _MISSING)
    return pc.if_else(missing, pa.scalar(None, pa.string()), texts).cast(type)
