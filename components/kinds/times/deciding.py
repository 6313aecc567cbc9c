"""Which format a column of times has: settled by its values, by the user or the schema, or asked for in one line."""

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

import polars as pl

from components.config.errors import DataError
from components.kinds.column import Decision, Texts
from components.kinds.nulls import BLANK
from components.kinds.times import reading
from components.kinds.times.candidates import ENOUGH, Dates, Numbers
from components.kinds.times.columns import read_clock, read_numbers, read_texts
from components.kinds.times.formats import DAY_FIRST, ISO, MONTH_FIRST, MONTH_FIRST_DOTTED, UNITS

_HALF = 0.5
_NAMES = {
    "%d/%m/%Y": "day/month/year",
    "%m/%d/%Y": "month/day/year",
    "%m.%d.%Y": "month.day.year",
    "%y/%m/%d": "year/month/day",
    "%Y-%d-%m": "year-day-month",
    "%Y-%m-%d": "year-month-day",
    "%Y%m%d": "the digits of year, month and day",
    "%d %b %Y": "day, name of the month, year",
    "%b %d %Y": "name of the month, day, year",
    "%Y %b %d": "year, name of the month, day",
    "excel": "Excel's days",
}
_ZONE = re.compile(r"[0-9 ]([A-Z]{2,5}|[A-Z][A-Za-z]+/[A-Za-z_/]+)$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Known(Protocol):
    """What a schema says of a column."""

    @property
    def type(self) -> str:
        """What its values are: `time` and `date` are read here."""

    @property
    def format(self) -> str | None:
        """How they are written, where it says so."""


def decide_time(
    texts: Texts, kind: pl.DataType, given: str | None, key: str = "prepare.columns.time"
) -> Decision | None:
    """Return how the column of times is read; None: as it stands, seconds or times of their own type.

    Args:
        texts: the column.
        kind: its type.
        given: the format that the user or the schema names.
        key: where `params.yaml` names the column.

    Raises:
        DataError: it can be read in several ways, or no format reads it; the line says what to write.
    """
    if kind != pl.String and not kind.is_numeric():
        return None
    format = given or (_format_of_texts if kind == pl.String else _format_of_numbers)(texts, key)
    if format is None or (format == "seconds" and kind != pl.String):
        return None
    if given:
        format = _with_dots(texts, format) if kind == pl.String else format
        _check_given(texts, format)
    return _decision(texts, format)


def decide_other(texts: Texts, known: Known | None, asked: str | None) -> Decision | None:
    """Return how a column is read that holds times and is not the time of the record; None: it holds none.

    Args:
        texts: the column.
        known: what the schema says of it.
        asked: the format that the user names, or that of the time of the record: it decides between two readings.

    Raises:
        DataError: it can be read in several ways, and features are made of it.
    """
    if known is not None and known.type not in ("time", "date"):
        return None
    if known is not None and known.format:
        return _decision(texts, known.format)
    dates = _dates(texts)
    format, part = dates.best()
    if part < ENOUGH:
        return _clock(texts)
    if (known is None or known.type == "date") and (doubt := dates.doubt()) is not None:
        if asked is not None and (decided := _decision(texts, asked)) and _reads(texts, decided):
            return decided
        raise DataError(f"{_asked(texts.name, *doubt)}, or name it in prepare.columns.drop")
    return _decision(texts, format)


def _reads(texts: Texts, decision: Decision) -> bool:
    unread = texts.unread(decision.read)
    return unread.wrong <= unread.count * (1 - ENOUGH)


def _clock(texts: Texts) -> Decision | None:
    """Return how times of day are read, if the column is of those."""
    count = wrong = 0
    for batch in texts.batches():
        count, wrong = count + len(batch), wrong + read_clock(batch).null_count()
        if wrong > count * (1 - ENOUGH):
            return None
    if not count:
        return None

    def read(values: pl.Series) -> pl.Series:
        return read_clock(values).set(texts.missing(values), None).cast(pl.Datetime("ms"))

    said = f"{texts.name!r} holds times of day ({texts.first()}), of which no feature is made"
    return Decision(read, texts.missing, said, {"example": texts.first()})


def _decision(texts: Texts, format: str) -> Decision:
    def read(values: pl.Series) -> pl.Series:
        said = read_numbers(values, format) if values.dtype.is_numeric() else read_texts(values, format)
        said = said.set(texts.missing(values), None)
        return said.cast(pl.Datetime("ms")).alias(values.name)

    first = texts.first()
    return Decision(read, texts.missing, _said(texts.name, format, first), {"format": format, "example": first})


def _dates(texts: Texts) -> Dates:
    dates = Dates()
    for batch in texts.batches():
        dates.see(batch)
        if dates.hopeless:
            break
    return dates


def _format_of_texts(texts: Texts, key: str) -> str | None:
    dates = _dates(texts)
    if not dates.count:
        return None
    format, part = dates.best()
    if part >= ENOUGH:
        if (doubt := dates.doubt()) is not None:
            raise DataError(_asked(texts.name, *doubt))
        return format
    numbers = Numbers()
    for batch in texts.batches():
        said = batch.str.strip_chars(BLANK).str.replace(",", ".", literal=True)
        numbers.see(said.cast(pl.Float64, strict=False).drop_nulls(), whole=said.cast(pl.Int64, strict=False))
    if numbers.count >= ENOUGH * dates.count:
        return _unit(texts.name, numbers, key)
    raise DataError(_unfit(texts, format if part > 0 else None, key))


def _format_of_numbers(texts: Texts, key: str) -> str | None:
    numbers = Numbers()
    for batch in texts.batches():
        numbers.see(batch, whole=batch.cast(pl.Int64, strict=False))
    return _unit(texts.name, numbers, key) if numbers.count else None


def _unit(name: str, numbers: Numbers, key: str) -> str:
    if (unit := numbers.unit()) is not None:
        return unit
    if numbers.serial >= ENOUGH * numbers.count:
        first = reading.of_number(numbers.first, "excel") or 0
        raise DataError(
            f"column {name!r}: {numbers.first:g} may be Excel's number of {_day(first)} (excel) or a second of "
            f"1 January 1970 (seconds); write prepare.time_format: excel, or seconds"
        )
    if formats := numbers.other():
        said = {format: reading.of_number(int(numbers.first), format) for format in formats}
        dates = " or ".join(f"{_day(time)} ({format})" for format, time in said.items() if time is not None)
        raise DataError(
            f"column {name!r}: {numbers.first:.15g} may be {dates}, or a number of seconds since 1970 (seconds); write "
            f"prepare.time_format: '{formats[0]}', or whichever it is"
        )
    raise DataError(
        f"column {name!r} ({key}): its numbers are times in no one unit ({numbers.shown()}); mend the "
        f"data, or write prepare.time_format: one of {', '.join(UNITS)}, '%Y%m%d'"
    )


def _with_dots(texts: Texts, format: str) -> str:
    """Return the format, or, where it has the month first and the column has dots, the same with dots."""
    if format != MONTH_FIRST:
        return format
    plain, dotted = (texts.unread(_decision(texts, other).read).wrong for other in (format, MONTH_FIRST_DOTTED))
    return MONTH_FIRST_DOTTED if dotted < plain else format


def _check_given(texts: Texts, format: str) -> None:
    """See that the format reads at least half of the values: of another one, this would leave out the most."""
    unread = texts.unread(_decision(texts, format).read)
    if unread.wrong > _HALF * unread.count:
        raise DataError(
            f"column {texts.name!r}: the format {format!r} reads {unread.count - unread.wrong:,} of "
            f"{unread.count:,} values, not {unread.shown}; see prepare.time_format"
        )


def _unfit(texts: Texts, format: str | None, key: str) -> str:
    where = f"column {texts.name!r} ({key})"
    unread = texts.unread(_decision(texts, format or ISO).read)
    zone = next((match[1] for _, text in unread.examples if (match := _ZONE.search(str(text).strip()))), None)
    if zone and zone not in ("AM", "PM"):
        return (
            f"{where}: {unread.examples[0][1]!r}: {zone!r} is not one offset everywhere and all year; write the offset "
            f"instead (+01:00), or UTC"
        )
    if format is None:
        found = f"found neither dates with times nor seconds since 1970, but {unread.shown}"
        return f"{where} holds no time: {found}; name another column, or write prepare.time_format"
    name, good = _NAMES.get(format, "the format"), unread.count - unread.wrong
    return (
        f"{where}: {name} ({format}) reads {good:,} of {unread.count:,} values, not {unread.shown}; mend the data, or "
        f"write prepare.time_format: '{format}' to have the others counted as invalid"
    )


def _asked(name: str, text: str, other: str) -> str:
    both = " or ".join(f"{_day(reading.of_text(text, format) or 0)} ({format})" for format in (DAY_FIRST, other))
    return f"column {name!r}: {text} may be {both}; write prepare.time_format: '{DAY_FIRST}' or '{other}'"


def _said(name: str, format: str, first: object) -> str:
    if isinstance(first, str):
        time = reading.of_text(first, format)
    else:
        time = reading.of_number(first, format) if isinstance(first, int | float) else None
    if time is None:
        return ""
    shown = first if isinstance(first, str) else f"{first:.15g}" if isinstance(first, float) else str(first)
    moment = _moment(time)
    if format in UNITS and format != "excel":
        return f"numbers in {name!r} are read as {format} since 1970: {shown} is {moment:%Y-%m-%d %H:%M:%S} UTC"
    how = f"{_NAMES[format]} ({format})" if format in _NAMES else format
    moment = _moment(time)
    clock = f", {moment:%H:%M} UTC" if (moment.hour, moment.minute) != (0, 0) else ""
    return f"dates in {name!r} are read as {how}: {shown.strip()} is {_day(time)}{clock}"


def _moment(time: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=time)


def _day(time: int) -> str:
    moment = _moment(time)
    return f"{moment.day} {moment:%B %Y}"
