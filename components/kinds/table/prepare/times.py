"""A whole column of texts or numbers that say times: which format it has, and what it says.

Reads as `codec/times.py` reads one value; a test holds the two to each other.
"""

from dataclasses import dataclass, field

import polars as pl

from components.kinds.nulls import BLANK
from components.kinds.table.codec import times
from components.kinds.table.codec.formats import (
    CLOCK,
    DAY_FIRST,
    DAY_LAST_BUT_ONE,
    DIGITS,
    FALLBACKS,
    ISO,
    MONTH_FIRST,
    MONTH_FIRST_DOTTED,
    MONTHS,
    SHORT_YEAR_FIRST,
    TAIL,
    UNITS,
    pattern,
)

ENOUGH = 0.99
"""Part of the values that a format must read to be the column's."""

_DAY = 86_400_000
_LATEST = 253_402_300_800_000
_SERIAL = 25_569
_ORDERS = (DAY_FIRST, MONTH_FIRST, MONTH_FIRST_DOTTED, SHORT_YEAR_FIRST, DAY_LAST_BUT_ONE)
_YEAR = 31_556_952_000  # milliseconds
_FEW = 4  # years
_MANY = 20_000  # different dates of one batch from which on a column is taken for no dates at all
_SIZES = {
    "seconds": (0.0, 1e11),
    "milliseconds": (1e11, 1e14),
    "microseconds": (1e14, 1e17),
    "nanoseconds": (1e17, 1e20),
}  # of numbers that are times from 1973 on: none is another's
_SHORT = {
    "%d%m%Y": "^[0-9]{4}(?:19|20)[0-9]{2}$",
    "%m%d%Y": "^[0-9]{4}(?:19|20)[0-9]{2}$",
    "%y%m%d": "^[0-9]{6}$",
}
_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def read_texts(texts: pl.Series, format: str) -> pl.Series:
    """Return the times that `texts` say, milliseconds since 1970; null where one says none."""
    found = _numbers_in(texts, format) if format in UNITS else pl.Series([None] * len(texts), dtype=pl.Int64)
    for one in times.readings(format):
        left = found.is_null() & texts.is_not_null()
        if not left.any():
            break
        rest = _assembled(texts.filter(left), pattern(one))
        found = found.scatter(left.arg_true(), rest)
    return found.alias(texts.name)


def read_numbers(values: pl.Series, format: str) -> pl.Series:
    """Return the times that numbers say, milliseconds since 1970; null where one says none."""
    if format not in UNITS:
        whole = values.cast(pl.Int64, strict=False)
        seconds = read_numbers(values, "seconds")
        read = read_texts(_digits(whole, format), format) if values.dtype.is_integer() else None
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


def _digits(whole: pl.Series, format: str) -> pl.Series:
    """Return the digits of numbers, as `codec.times.digits` does."""
    said = whole.cast(pl.String)
    if format[:2] not in ("%d", "%m"):
        return said
    lacking = (whole >= 0) & (said.str.len_bytes() % 2 == 1)
    return (
        said.to_frame("said").select(pl.when(lacking).then("0" + pl.col("said")).otherwise(pl.col("said"))).to_series()
    )


@dataclass
class Dates:
    """Which of the formats of dates the texts seen so far are in."""

    count: int = 0
    plain: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*FALLBACKS, DIGITS), 0))
    """Texts that each format reads which is read in one way alone, in this order."""
    orders: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_ORDERS, 0))
    """Of the other texts, how many each order reads."""
    month_second: int = 0
    """Texts with the year first that are dates only if the month comes next."""
    differ: dict[str, str] = field(default_factory=dict)
    """By order: a text that it reads otherwise than the day first."""
    years: dict[str, set[int]] = field(default_factory=dict)
    """By order: the years of texts whose years have two digits."""
    hopeless: bool = False

    def see(self, texts: pl.Series) -> None:
        """Count the texts, none of which is null, by format."""
        self.count += len(texts)
        if self.hopeless or len(texts) == 0:
            return
        heads = texts.str.replace(TAIL + "[ \t]*$", "").alias("head").value_counts()
        if len(heads) > _MANY and self.orders == dict.fromkeys(_ORDERS, 0) and not sum(self.plain.values()):
            heads = heads.head(_MANY)
        rest = heads
        for format in self.plain:
            read = _assembled(rest["head"], pattern(format)).is_not_null()
            if format == ISO:
                swapped = _assembled(rest["head"], pattern(DAY_LAST_BUT_ONE)).is_not_null()
                self.month_second += int(rest["count"].filter(read & ~swapped).sum())
            self.plain[format] += int(rest["count"].filter(read).sum())
            rest = rest.filter(~read)
        self._see_orders(rest)
        self.hopeless = self.count > 0 and not any(self.plain.values()) and not any(self.orders.values())

    def _see_orders(self, rest: pl.DataFrame) -> None:
        said = {order: _assembled(rest["head"], pattern(order)) for order in _ORDERS}
        first = said[DAY_FIRST]
        for order, read in said.items():
            self.orders[order] += int(rest["count"].filter(read.is_not_null()).sum())
            self.years[order] = self.years.get(order, set()) | set((read.drop_nulls() // _YEAR).unique().to_list())
            differs = rest["head"].filter((read != first).fill_null(False))
            if order not in self.differ and len(differs):
                self.differ[order] = differs[0]

    def best(self) -> tuple[str, float]:
        """Return the format that reads most texts, and the part that it reads."""
        if not self.count:
            return ISO, 0.0
        sure = sum(self.plain.values())
        orders = [one for one in self.orders if not self._scattered(one)] or list(self.orders)
        if self.orders[DAY_LAST_BUT_ONE] <= self.month_second:
            orders = [one for one in orders if one != DAY_LAST_BUT_ONE]
        else:
            sure -= self.month_second
        order = max(orders, key=lambda one: self.orders[one], default=DAY_FIRST)
        if self.orders[order]:
            return order, (sure + self.orders[order]) / self.count
        return max(self.plain, key=lambda one: self.plain[one]), sure / self.count

    def _scattered(self, order: str) -> bool:
        """Whether the years of an order are those of days: many, where another order has few, and reads no less."""
        alike = [one for one, count in self.orders.items() if count >= self.orders[order]]
        least = min((len(self.years.get(one, ())) for one in alike), default=0)
        return len(self.years.get(order, ())) > max(_FEW, 3 * least)

    def doubt(self) -> tuple[str, str] | None:
        """Return a text and the other order that reads every text as well, but not to the same time."""
        best, _ = self.best()
        if best != DAY_FIRST:
            return None
        for order in (MONTH_FIRST, MONTH_FIRST_DOTTED, SHORT_YEAR_FIRST):
            if self.orders[order] == self.orders[best] and order in self.differ and not self._scattered(order):
                return self.differ[order], order
        return None


def _numbers_in(texts: pl.Series, format: str) -> pl.Series:
    said = texts.str.strip_chars(BLANK).str.replace(",", ".", literal=True)
    whole = said.filter(said.is_null() | said.str.contains(r"^[+-]?[0-9]{1,19}$"))
    if len(whole) == len(said):
        return read_numbers(said.str.strip_prefix("+").cast(pl.Int64, strict=False), format)
    shape = said.str.contains(r"^[+-]?[0-9]{1,19}(?:\.[0-9]{1,12})?$")
    dotted = shape & said.str.contains(".", literal=True)
    of_whole = read_numbers(said.set(dotted | ~shape, None).str.strip_prefix("+").cast(pl.Int64, strict=False), format)
    of_parts = read_numbers(said.set(~dotted, None).cast(pl.Float64, strict=False), format)
    return of_whole.zip_with(of_whole.is_not_null(), of_parts)


def _assembled(texts: pl.Series, pattern: str) -> pl.Series:
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


@dataclass
class Numbers:
    """What the numbers seen so far would be as times."""

    count: int = 0
    """Numbers above 0: others may stand for none."""
    sizes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_SIZES, 0))
    digits: int = 0
    """Those whose digits are a date of the years 1900 to 2099."""
    short: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_SHORT, 0))
    """Those whose digits are a date of another order, by the format."""
    serial: int = 0
    """Those that may be Excel's days: 1954 to 2119."""
    first: float = 0.0

    def see(self, values: pl.Series, whole: pl.Series) -> None:
        """Count the numbers by their size; `whole`: the same as whole numbers, null where one is none."""
        there = values.filter((values > 0).fill_null(False)).cast(pl.Float64)
        self.first = self.first or (float(there[0]) if len(there) else 0.0)
        self.count += len(there)
        for unit, (least, most) in _SIZES.items():
            self.sizes[unit] += int(((there >= least) & (there < most)).sum())
        self.serial += int(((there >= 20_000) & (there < 80_000)).sum())
        for format, shape in _SHORT.items():
            digits = _digits(whole.drop_nulls(), format)
            dates = _assembled(digits.filter(digits.str.contains(shape)), pattern(format))
            self.short[format] += len(dates.drop_nulls())
        texts = whole.drop_nulls().cast(pl.String)
        texts = texts.filter(texts.str.contains("^(?:19|20)(?:[0-9]{6}|[0-9]{10}|[0-9]{12}|[0-9]{15})$"))
        self.digits += len(_assembled(texts, pattern(DIGITS)).drop_nulls())

    def unit(self) -> str | None:
        """Return the format of the numbers; None: it is not clear."""
        if self.count == 0:
            return "seconds"
        if self.digits >= ENOUGH * self.count:
            return DIGITS
        if self.serial >= ENOUGH * self.count or self.other():
            return None
        return next((unit for unit, size in self.sizes.items() if size >= ENOUGH * self.count), None)

    def other(self) -> list[str]:
        """Return the formats of digits, other than year, month and day, that all numbers have."""
        return [format for format, count in self.short.items() if self.count and count >= ENOUGH * self.count]

    def shown(self) -> str:
        """Return how many numbers have the size of which unit."""
        return ", ".join(f"{size:,} in {unit}" for unit, size in self.sizes.items() if size)
