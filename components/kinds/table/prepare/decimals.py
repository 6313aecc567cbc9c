"""How the numbers of a column are written: settled by its values, by its neighbours, or asked for in one line.

The rule for a point or a comma that has three digits behind it in every value (`1,234`), in this order:

1. a value that is a number in one way alone settles its column (`12,50`, `0.125`, `1.234,50`, `1,234,567`);
2. what the schema says, or `prepare.decimal`;
3. the other columns of the table, if they agree;
4. in a file that is separated by commas a comma parts thousands, if some values of the column have none;
5. a point in every value is a decimal point, as programs write it;
6. else it is asked for.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from components.config.errors import DataError
from components.kinds.column import Decision, Texts
from components.kinds.table.codec.numbers import Decimal, is_currency, of_text
from components.kinds.table.codec.schema import Column
from components.kinds.table.prepare.numbers import SIGNS, Numbers, read

_HALF = 0.5
_FEW = 20  # different numbers: with no more, a column may well be of kinds that are numbered
_KINDS = 200  # different texts of digits alone up to which they are taken for names of kinds
_MEASURES = frozenset(
    {
        "%", "‰", "kg", "g", "mg", "t", "lb", "lbs", "oz", "km", "m", "cm", "mm", "mi", "ft", "in", "l", "ml", "h",
        "min", "s", "sec", "ms", "d", "day", "days", "kwh", "kw", "mw", "w", "v", "a", "°c", "°f", "k", "mb", "gb",
        "kb", "tb", "pcs", "pc", "bps", "bp", "pp", "m²", "m2", "km/h", "mph", "mio", "mrd", "bn", "mn", "mln", "tsd",
        "th", "x",
    }
)  # fmt: skip
"""Units of which one means something else than the other."""


@dataclass(frozen=True)
class Written:
    """What is known of a column of texts that may be numbers."""

    texts: Texts
    numbers: Numbers
    must: bool
    """It has to be a number: the schema says so, or `prepare.columns.amount`."""
    known: Decimal | None
    """Its decimal sign, as the schema says."""
    units: tuple[str, ...] | None
    """Its units, as the schema says."""
    later: bool
    """It is held to a schema: what is no number is counted, not asked for."""


def look(texts: Texts, must: bool, known: Decimal | None, units: tuple[str, ...] | None, later: bool) -> Written:
    """Look through a column of texts."""
    numbers = Numbers()
    for batch in texts.batches():
        if len(batch):
            numbers.see(batch)
        if numbers.hopeless and not must:
            break
    return Written(texts, numbers, must, known, units, later)


def is_written_number(label: Texts, known: Column | None) -> bool:
    """Whether a label of texts tells a number (`$1,250`), not a class: so the schema says, or so many values do."""
    if known is not None:
        return known.type in ("integer", "number")
    column = look(label, False, None, None, later=False)
    return column.numbers.kinds > _FEW and _is_number(column)


def decide_numbers(
    columns: Sequence[Written], asked: Decimal | None, about: Mapping[str, object]
) -> dict[str, Decision]:
    """Return how those columns are read that are numbers.

    Args:
        columns: of texts.
        asked: what `prepare.decimal` says.
        about: the dialect of the table's CSV files, if it comes from such: its `separator`, and whether it has
            numbers with a `point`.

    Raises:
        DataError: a column can be read in several ways, or is a number but for some values.
    """
    numeric = [column for column in columns if _is_number(column)]
    signs = {sign for column in numeric if (sign := column.numbers.settled) is not None}
    signs |= {"."} if about.get("point") else set()
    return {column.texts.name: _decided(column, _sign(column, asked, signs, about)) for column in numeric}


def _is_number(column: Written) -> bool:
    """Whether the column is of numbers, but for few values at most, and not of names that look like them."""
    numbers = column.numbers
    best = numbers.signs[numbers.best()]
    if numbers.count == 0 or column.must:
        return best.fits > _HALF * numbers.count
    if numbers.codes or numbers.dialled == numbers.count or numbers.hopeless:
        return False
    if numbers.plain == numbers.count:
        return numbers.kinds > _KINDS
    fit, others = _fitting(best.units)
    if all(not unit or _known(unit) for unit in others) and fit + sum(others.values()) >= numbers.count:
        return True
    return fit >= _HALF * numbers.count and numbers.kinds > _FEW


def _fitting(units: Counter[str]) -> tuple[int, Counter[str]]:
    """Return how many numbers have one unit, or are without one where it is a currency, and the others."""
    others = Counter(units)
    usual = max(units, key=lambda unit: units[unit], default="")
    fit = others.pop(usual, 0)
    currencies = [unit for unit in others if is_currency(unit)]
    if is_currency(usual):
        fit += others.pop("", 0)
    elif not usual and len(currencies) == 1:
        fit += others.pop(currencies[0])
    return fit, others


def _sign(column: Written, asked: Decimal | None, signs: set[Decimal], about: Mapping[str, object]) -> Decimal:
    numbers = column.numbers
    if numbers.settled is not None:
        return numbers.settled
    if (told := column.known or asked) is not None:
        return told
    if not numbers.differ or column.later:
        return "."
    if len(signs) == 1:
        return next(iter(signs))
    comma = "," in numbers.example
    if comma and about.get("separator") == "," and numbers.bare:
        return "."
    if not comma and not numbers.bare and not signs:
        return "."
    text = numbers.example
    values = {sign: of_text(text, sign, tuple(numbers.signs[sign].units)) for sign in SIGNS}
    both = " or ".join(f"{value:.15g} (prepare.decimal: '{sign}')" for sign, value in values.items())
    raise DataError(f"column {column.texts.name!r}: {text} may be {both}; write which of the two is the decimal sign")


def _decided(column: Written, decimal: Decimal) -> Decision:
    sign, texts = column.numbers.signs[decimal], column.texts
    _, others = _fitting(sign.units)
    units = column.units
    if units is None:
        units = tuple(sorted(unit for unit in sign.units if unit and unit not in others))
    whole = sign.whole == sign.fits

    def convert(values: pl.Series) -> pl.Series:
        found = read(values, decimal, units).set(texts.missing(values), None)
        return found.cast(pl.Int64, strict=False) if whole else found

    if not column.later:
        _check_units(texts.name, sign.units, others)
        _check_all(column, decimal, convert)
    first = of_text(str(texts.first()), decimal, units)
    about = {
        "decimal": decimal,
        "units": units or None,
        "example": int(first) if whole and first is not None else first,
    }
    return Decision(convert, texts.missing, _said(texts.name, decimal, units, whole, column.numbers), about)


def _check_units(name: str, units: Counter[str], others: Counter[str]) -> None:
    known = {unit: count for unit, count in units.items() if not unit or _known(unit)}
    if any(unit in known for unit in others):
        shown = ", ".join(f"{unit or 'none'}: {count:,}" for unit, count in Counter(known).most_common(5))
        raise DataError(
            f"column {name!r}: its numbers have several units ({shown}); bring them to one, or write "
            f"prepare.columns.text: [{name}], if it is to be taken as text"
        )


def _check_all(column: Written, decimal: Decimal, convert: Callable[[pl.Series], pl.Series]) -> None:
    name, unread = column.texts.name, column.texts.unread(convert)
    if not unread.wrong:
        return
    other: Decimal = "," if decimal == "." else "."
    if all(of_text(value, other, tuple(column.numbers.signs[other].units)) is not None for _, value in unread.examples):
        raise DataError(
            f"column {name!r}: {unread.count - unread.wrong:,} numbers have the decimal sign {decimal!r}, and "
            f"{unread.wrong:,} have {other!r} ({unread.shown}); write them with one"
        )
    words = list(dict.fromkeys(str(value) for _, value in unread.examples))
    text = f", or prepare.columns.text: [{name}], if it is text" if not column.must else ""
    raise DataError(
        f"column {name!r} is a number but for {unread.wrong:,} of {unread.count:,} values ({unread.shown}); mend them, "
        f"or write prepare.nulls: {words}, if they mean that there is none{text}"
    )


def _said(name: str, decimal: Decimal, units: tuple[str, ...], whole: bool, numbers: Numbers) -> str:
    value = of_text(numbers.longest, decimal, units)
    if value is None:
        return ""
    how = "as whole numbers" if whole else f"with a decimal {'comma' if decimal == ',' else 'point'}"
    how += f", in {' or '.join(units)}" if units else ""
    return f"numbers in {name!r} are read {how}: {numbers.longest.strip()} is {value:.15g}"


def _known(unit: str) -> bool:
    return unit.casefold() in _MEASURES or is_currency(unit)
