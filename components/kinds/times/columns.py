"""A whole column of texts or numbers that say times, in a format that is known -> milliseconds since 1970.

Reads as `reading` reads one value; a test holds the two to each other.
"""

import polars as pl

from components.kinds.nulls import BLANK
from components.kinds.times import reading
from components.kinds.times.formats import (
    CLOCK,
    ISO,
    MONTHS,
    UNITS,
    pattern,
)

_DAY = 86_400_000
_LATEST = 253_402_300_800_000
_SERIAL = 25_569
_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def read_texts(texts: pl.Series, format: str) -> pl.Series:
    """Return the times that `texts` say, milliseconds since 1970; null where one says none."""
    found = _numbers_in(texts, format) if format in UNITS else pl.Series([None] * len(texts), dtype=pl.Int64)
    for form in reading.readings(format):
        left = found.is_null() & texts.is_not_null()
        if not left.any():
            break
        rest = assembled(texts.filter(left), pattern(form))
        found = found.scatter(left.arg_true(), rest)
    return found.alias(texts.name)


def read_numbers(values: pl.Series, format: str) -> pl.Series:
    """Return the times that numbers say, milliseconds since 1970; null where one says none."""
    if format not in UNITS:
        whole = values.cast(pl.Int64, strict=False)
        seconds = read_numbers(values, "seconds")
        read = read_texts(digit_texts(whole, format), format) if values.dtype.is_integer() else None
        return seconds if read is None else read.zip_with(read.is_not_null(), seconds)
    unit, value = UNITS[format], pl.col("value")
    if values.dtype.is_integer():
        value = value.cast(pl.Int64) - (_SERIAL if format == "excel" else 0)
        most = int(_LATEST / unit)
        value = pl.when(value.abs() <= most).then(value)
        time = value * int(unit) if unit >= 1 else value // round(1 / unit)
    else:
        value = pl.when(value.is_finite()).then(value.cast(pl.Float64)) - (_SERIAL if format == "excel" else 0)
        value = pl.when(value.abs() * unit < _LATEST).then(value)
        time = (value * unit * 1_000 + 0.5).floor().cast(pl.Int64) // 1_000
    said = pl.DataFrame({"value": values}).select(time.alias(values.name))
    return said.select(pl.when(pl.first().abs() < _LATEST).then(pl.first())).to_series()


def read_clock(texts: pl.Series) -> pl.Series:
    """Return times of day as those of the first day of 1970; null where a text is none."""
    dated = pl.Series(["1970-01-01 "], dtype=pl.String) + texts.str.strip_chars(BLANK)
    return read_texts(dated.set(~texts.str.contains(CLOCK), None), ISO).alias(texts.name)


def digit_texts(whole: pl.Series, format: str) -> pl.Series:
    """Return the digits of whole numbers, as `reading.digits` does."""
    said = whole.cast(pl.String)
    if format[:2] not in ("%d", "%m"):
        return said
    lacking = (whole >= 0) & (said.str.len_bytes() % 2 == 1)
    return (
        said.to_frame("said").select(pl.when(lacking).then("0" + pl.col("said")).otherwise(pl.col("said"))).to_series()
    )


def _numbers_in(texts: pl.Series, format: str) -> pl.Series:
    said = texts.str.strip_chars(BLANK).str.replace(",", ".", literal=True)
    whole = said.filter(said.is_null() | said.str.contains(r"^[+-]?[0-9]{1,19}$"))
    if len(whole) == len(said):
        return read_numbers(said.str.strip_prefix("+").cast(pl.Int64, strict=False), format)
    shape = said.str.contains(r"^[+-]?(?:[0-9]{1,19}(?:\.[0-9]{1,12})?|[0-9](?:\.[0-9]{1,20})?[eE][+]?[0-9]{1,2})$")
    dotted = shape & said.str.contains("[.eE]")
    of_whole = read_numbers(said.set(dotted | ~shape, None).str.strip_prefix("+").cast(pl.Int64, strict=False), format)
    of_parts = read_numbers(said.set(~dotted, None).cast(pl.Float64, strict=False), format)
    return of_whole.zip_with(of_whole.is_not_null(), of_parts)


def assembled(texts: pl.Series, pattern: str) -> pl.Series:
    """Return the times that texts of the pattern say."""
    groups = texts.str.extract_groups(pattern).struct.unnest()
    there = groups.columns

    def number(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Int64, strict=False).fill_null(0) if name in there else pl.lit(0, pl.Int64)

    frame = groups.with_columns(
        _year(), _month(there), number("day").alias("of_month"), _hour(there), number("minute").alias("minutes"),
        number("second").alias("seconds"), number("zone_hour").alias("zone_hours"),
        number("zone_minute").alias("zone_minutes"), _thousandths(there), _sign(there),
    )  # fmt: skip
    column = pl.col
    valid = (
        column("months").is_between(1, 12)
        & (column("of_month") >= 1)
        & (column("of_month") <= _length())
        & (column("years") >= 1)
        & column("hours").is_between(0, 23)
        & (column("minutes") < 60)
        & (column("seconds") < 60)
        & (column("zone_hours") < 16)
        & (column("zone_minutes") < 60)
    )
    offset = (column("zone_hours") * 60 + column("zone_minutes")) * column("signs")
    seconds = (column("hours") * 60 + column("minutes") - offset) * 60 + column("seconds")
    time = _days() * _DAY + seconds * 1_000 + column("thousandths")
    return frame.select(pl.when(valid).then(time).cast(pl.Int64)).to_series()


def _year() -> pl.Expr:
    year = pl.col("year").cast(pl.Int64)
    short = year + pl.when(year > 68).then(1900).otherwise(2000)
    return pl.when(pl.col("year").str.len_bytes() > 2).then(year).otherwise(short).alias("years")


def _month(there: list[str]) -> pl.Expr:
    if "name" not in there:
        return pl.col("month").cast(pl.Int64).alias("months")
    name = pl.col("name").str.to_lowercase()
    found = (name.str.slice(0, length).replace_strict(MONTHS, default=None, return_dtype=pl.Int64) for length in (4, 3))
    return pl.coalesce(*found).alias("months")


def _hour(there: list[str]) -> pl.Expr:
    if "hour" not in there:
        return pl.lit(0, pl.Int64).alias("hours")
    hour = pl.col("hour").cast(pl.Int64).fill_null(0)
    if "half" not in there:
        return hour.alias("hours")
    late = pl.col("half").is_in(["P", "p"])
    half = pl.when(hour > 12).then(pl.when(late).then(hour)).otherwise(hour % 12 + pl.when(late).then(12).otherwise(0))
    return pl.when(pl.col("half").is_null()).then(hour).otherwise(half).alias("hours")


def _thousandths(there: list[str]) -> pl.Expr:
    if "fraction" not in there:
        return pl.lit(0, pl.Int64).alias("thousandths")
    padded = pl.concat_str(pl.col("fraction").fill_null(""), pl.lit("000")).str.slice(0, 3)
    return padded.cast(pl.Int64).alias("thousandths")


def _sign(there: list[str]) -> pl.Expr:
    if "sign" not in there:
        return pl.lit(1, pl.Int64).alias("signs")
    return pl.when(pl.col("sign") == "-").then(-1).otherwise(1).cast(pl.Int64).alias("signs")


def _length() -> pl.Expr:
    """Return how many days the month has."""
    year, month = pl.col("years"), pl.col("months")
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    usual = month.replace_strict(dict(enumerate(_LENGTHS, start=1)), default=0, return_dtype=pl.Int64)
    return usual + pl.when(leap & (month == 2)).then(1).otherwise(0)


def _days() -> pl.Expr:
    """Return the days since 1970: Howard Hinnant's `days_from_civil`, years counted from March."""
    month = pl.col("months")
    year = pl.col("years") - pl.when(month <= 2).then(1).otherwise(0)
    era, of_era = year // 400, year % 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + pl.col("of_month") - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
