"""Ids and numbers as files have them -> texts and numbers: the same id is one, whoever has written the table."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.interactions.codec.lists import LONGEST
from components.kinds.nulls import BLANK, NULLS

_EXACT = {pa.float16(): 2.0**11, pa.float32(): 2.0**24, pa.float64(): 2.0**53}  # below, whole numbers are all there
_WHOLE = r"^[+-]?[0-9]+(\.0+)?$"  # `17`, or `17.0`, as it is written where another id of the column is missing
_ROUNDED = r"^[+-]?[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"
_POINT = r"^[+-]?([0-9]+|[0-9]*\.[0-9]+|[0-9]+\.)([eE][+-]?[0-9]+)?$"
_COMMA = r"^[+-]?[0-9]+(,[0-9]+)?$"
_THOUSANDS = r"^[+-]?[0-9]{1,3},[0-9]{3}$"  # which a decimal comma may have written as well


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the column with its values in place, where it has them in a dictionary (a categorical of pandas)."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def ids(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Return ids as texts, null where there is none; of a column of whole numbers `17.0` is `17`.

    Args:
        column: texts or numbers.
        name: what it is called.

    Raises:
        DataError: they are neither, or numbers that have lost digits.
    """
    column = plain(column)
    if pa.types.is_floating(column.type):
        column = _whole(column, name)
    if pa.types.is_fixed_size_binary(column.type):
        raise _no_ids(name, column.type)
    try:
        texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _no_ids(name, column.type) from error
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    _check_texts(texts, name)
    if pc.any(pc.match_substring_regex(texts, _ROUNDED)).as_py() and _all(texts, rf"{_ROUNDED}|{_WHOLE}"):
        raise _lost_digits(name, next(text for text in texts.to_pylist() if text and "e" in text.lower()))
    if pc.any(pc.match_substring(texts, ".0")).as_py() and _all(texts, _WHOLE):
        return pc.replace_substring_regex(texts, r"\.0+$", "")
    return texts


def numbers(column: pa.ChunkedArray, name: str) -> NDArray[np.float64]:
    """Return numbers `[N]`, NaN where there is none; of texts also those with a decimal comma.

    Raises:
        DataError: a value is no number, or may be one or a thousand.
    """
    column = plain(column)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = _pointed(column.cast(pa.string()), name)
    try:
        found: NDArray[np.float64] = column.cast(pa.float64()).to_numpy().astype(np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"{name}: not a column of numbers ({error})") from error
    return found


def _check_texts(texts: pa.ChunkedArray, name: str) -> None:
    """Hold ids against what no request can name, and no database takes."""
    if (most := pc.max(pc.utf8_length(texts)).as_py() or 0) > LONGEST:
        raise DataError(f"{name}: an id has {most:,} characters, at most {LONGEST:,} are taken: is it another column?")
    wrong = np.flatnonzero(pc.fill_null(pc.match_substring(texts, "\0"), False).to_numpy())
    if len(wrong):
        value = texts[int(wrong[0])].as_py()
        raise DataError(f"{name}: row {wrong[0]}, {value!r:.60}, has the character U+0000 in it: take it out")


def _whole(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Return floating numbers that are all whole as such, not a number as none."""
    column = pc.if_else(pc.is_nan(column), None, column)
    most = pc.max(pc.abs(column)).as_py() or 0.0
    if most >= _EXACT[column.type]:
        raise _lost_digits(name, f"{most:.0f}")
    return column.cast(pa.int64()) if pc.all(pc.equal(pc.trunc(column), column), min_count=0).as_py() else column


def _pointed(texts: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Return texts of numbers with a decimal point, null where one says that there is none."""
    said = pc.utf8_trim(texts, BLANK)
    said = pc.if_else(pc.is_in(pc.utf8_lower(said), pa.array(sorted(NULLS))), None, said)
    if _all(said, rf"{_POINT}|^[+-]?(inf|INF|Inf)$"):
        return said
    if not _all(said, _COMMA):
        wrong = pc.and_(pc.is_valid(said), pc.invert(pc.match_substring_regex(said, rf"{_POINT}|{_COMMA}")))
        rows = np.flatnonzero(pc.fill_null(wrong, False).to_numpy())
        row = int(rows[0]) if len(rows) else _first(said, ",")
        raise DataError(f"{name}: not a column of numbers: row {row} is {texts[row].as_py()!r}")
    if _all(said.filter(pc.match_substring(said, ",")), _THOUSANDS):
        value = said[_first(said, ",")].as_py()
        other = value.replace(",", "")
        raise DataError(
            f"{name}: {value!r} may be {value.replace(',', '.')} or {other}: write numbers with a decimal point"
        )
    return pc.replace_substring(said, ",", ".")


def _first(texts: pa.ChunkedArray, part: str) -> int:
    return int(np.flatnonzero(pc.fill_null(pc.match_substring(texts, part), False).to_numpy())[0])


def _all(texts: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts, pattern), min_count=0).as_py())


def _lost_digits(name: str, value: str) -> DataError:
    return DataError(
        f"{name}: {value} is an id that has lost digits, written as a number with a point: two ids may be one; write "
        "the column anew, as whole numbers or as texts"
    )


def _no_ids(name: str, type: pa.DataType) -> DataError:
    return DataError(f"{name}: its values are {type}, which are no ids: write whole numbers or texts")
