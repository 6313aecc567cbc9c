"""Which format a column of times has: what was seen of its texts or numbers, counted batch by batch."""

from dataclasses import dataclass, field

import polars as pl

from components.kinds.times.columns import assembled, digit_texts
from components.kinds.times.formats import (
    DAY_FIRST,
    DAY_LAST_BUT_ONE,
    DIGITS,
    FALLBACKS,
    ISO,
    MONTH_FIRST,
    MONTH_FIRST_DOTTED,
    SHORT_YEAR_FIRST,
    TAIL,
    pattern,
)

ENOUGH = 0.99
"""Part of the values that a format must read to be the column's."""

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
        found = texts.str.replace(TAIL + "[ \t]*$", "").to_frame("head")
        heads = found.group_by("head", maintain_order=True).agg(pl.len().alias("count"))
        if len(heads) > _MANY and self.orders == dict.fromkeys(_ORDERS, 0) and not sum(self.plain.values()):
            heads = heads.head(_MANY)
        rest = heads
        for format in self.plain:
            read = assembled(rest["head"], pattern(format)).is_not_null()
            if format == ISO:
                swapped = assembled(rest["head"], pattern(DAY_LAST_BUT_ONE)).is_not_null()
                self.month_second += int(rest["count"].filter(read & ~swapped).sum())
            self.plain[format] += int(rest["count"].filter(read).sum())
            rest = rest.filter(~read)
        self._see_orders(rest)
        self.hopeless = self.count > 0 and not any(self.plain.values()) and not any(self.orders.values())

    def _see_orders(self, rest: pl.DataFrame) -> None:
        said = {order: assembled(rest["head"], pattern(order)) for order in _ORDERS}
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
        orders = [order for order in self.orders if not self._scattered(order)] or list(self.orders)
        if self.orders[DAY_LAST_BUT_ONE] <= self.month_second:
            orders = [order for order in orders if order != DAY_LAST_BUT_ONE]
        else:
            sure -= self.month_second
        order = max(orders, key=lambda order: self.orders[order], default=DAY_FIRST)
        if self.orders[order]:
            return order, (sure + self.orders[order]) / self.count
        return max(self.plain, key=lambda name: self.plain[name]), sure / self.count

    def _scattered(self, order: str) -> bool:
        """Whether the years of an order are those of days: many, where another order has few, and reads no less."""
        alike = [other for other, count in self.orders.items() if count >= self.orders[order]]
        least = min((len(self.years.get(other, ())) for other in alike), default=0)
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
            digits = digit_texts(whole.drop_nulls(), format)
            dates = assembled(digits.filter(digits.str.contains(shape)), pattern(format))
            self.short[format] += len(dates.drop_nulls())
        texts = whole.drop_nulls().cast(pl.String)
        texts = texts.filter(texts.str.contains("^(?:19|20)(?:[0-9]{6}|[0-9]{10}|[0-9]{12}|[0-9]{15})$"))
        self.digits += len(assembled(texts, pattern(DIGITS)).drop_nulls())

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
