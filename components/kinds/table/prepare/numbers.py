"""A whole column of texts that say numbers: which decimal sign and which units they have, and what they say.

Reads as `codec/numbers.py` reads one value; a test holds the two to each other.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl

from components.kinds.nulls import BLANK
from components.kinds.table.codec.numbers import Decimal, is_currency, pattern

SIGNS: tuple[Decimal, Decimal] = (".", ",")
_CODE = r"^=?['\u2019\"]?[+-]?0[0-9]|[0-9]{19}"  # a postcode, a hash, a card: as a number it is not the same again
_MOST = 1_000  # different numbers that are counted


def read(texts: pl.Series, decimal: Decimal, units: Collection[str]) -> pl.Series:
    """Return the numbers that `texts` say; null where one says none, or has another unit."""
    said = parts(texts, decimal)
    fits = (said["unit"] == "") | said["unit"].is_in(list(units))
    return said["value"].set(~fits.fill_null(False), None).alias(texts.name)


def parts(texts: pl.Series, decimal: Decimal) -> pl.DataFrame:
    """Return the `value` of each text, null where it is no number, its `unit`, and whether it is `whole`."""
    column = pl.col
    groups = texts.str.extract_groups(pattern(decimal)).struct.unnest()
    digits = column("core").str.replace_all(f"[^0-9{decimal}]", "").str.replace(decimal, ".", literal=True)
    number = pl.concat_str(digits, column("power").fill_null("")).cast(pl.Float64, strict=False)
    signs = pl.sum_horizontal(column(name).is_not_null() for name in ("sign", "inner", "behind", "open"))
    good = (column("open").is_null() == column("close").is_null()) & (signs <= 1)
    sign = pl.coalesce("sign", "inner", "behind")
    negative = column("open").is_not_null() | (sign.is_not_null() & (sign != "+"))
    front, back = (column(name).fill_null("").str.strip_chars(BLANK) for name in ("front", "back"))
    between = pl.when((front != "") & (back != "")).then(pl.lit(" ")).otherwise(pl.lit(""))
    value = pl.when(negative.fill_null(False)).then(-number).otherwise(number)
    return groups.select(
        value=pl.when(good).then(value),
        unit=pl.concat_str(front, between, back),
        front=front,
        whole=~column("core").str.contains(decimal, literal=True) & column("power").is_null(),
    )


@dataclass
class Sign:
    """What the texts seen so far are with one decimal sign."""

    fits: int = 0
    """Texts that are a number."""
    whole: int = 0
    """Of these, those without a decimal sign."""
    units: Counter[str] = field(default_factory=Counter)
    """How often which unit is there; the empty one is none."""
    names: int = 0
    """Texts that are a number behind something that is no currency."""


@dataclass
class Numbers:
    """What the texts seen so far are as numbers."""

    count: int = 0
    signs: dict[Decimal, Sign] = field(default_factory=lambda: {sign: Sign() for sign in SIGNS})
    differ: int = 0
    """Texts that are another number with the other decimal sign."""
    example: str = ""
    """One of these."""
    plain: int = 0
    """Texts of nothing but digits."""
    bare: int = 0
    """Numbers without a point or a comma."""
    codes: int = 0
    """Texts that are no numbers, though they look like it."""
    dialled: int = 0
    """Texts that begin with a plus."""
    longest: str = ""
    """The longest number of the first texts."""
    values: set[str] = field(default_factory=set)
    """Different numbers, not all of them."""

    @property
    def hopeless(self) -> bool:
        """Whether hardly any text is a number."""
        return max(sign.fits for sign in self.signs.values()) < 0.1 * self.count

    @property
    def kinds(self) -> int:
        """How many different numbers there are, if not very many."""
        return len(self.values)

    def see(self, texts: pl.Series) -> None:
        """Count the texts, none of which is missing."""
        self.count += len(texts)
        told = texts.alias("text").value_counts()
        said = {decimal: told.hstack(parts(told["text"], decimal)) for decimal in SIGNS}
        for decimal, sign in self.signs.items():
            found = said[decimal].filter(pl.col("value").is_not_null())
            front = [text for text in found["front"].unique() if text and not is_currency(text)]
            sign.names += int(found.filter(pl.col("front").is_in(front))["count"].sum())
            found = found.filter(~pl.col("front").is_in(front))
            sign.fits += int(found["count"].sum())
            sign.whole += int(found.filter("whole")["count"].sum())
            for unit, count in found.group_by("unit").agg(pl.col("count").sum()).iter_rows():
                sign.units[unit] += count
        both = said["."]["value"], said[","]["value"]
        differ = told.filter((both[0] != both[1]).fill_null(False))
        self.differ += int(differ["count"].sum())
        self.example = self.example or (differ["text"][0] if len(differ) else "")
        number = told.filter(both[0].is_not_null() | both[1].is_not_null())
        self.values |= set(number["text"].head(max(0, _MOST - len(self.values))))
        if not self.longest and len(number):
            self.longest = max(number["text"].head(_MOST), key=len)
        self._see_shapes(told, number)

    def _see_shapes(self, told: pl.DataFrame, number: pl.DataFrame) -> None:
        def counted(frame: pl.DataFrame, pattern: str) -> int:
            return int(frame["count"].filter(frame["text"].str.contains(pattern)).sum())

        self.plain += counted(told, "^[0-9]+$")
        self.bare += counted(number, "^[^.,]*$")
        self.codes += counted(told, _CODE)
        self.dialled += counted(number, r"^[+][^.,]*[^0-9.,+][^.,]*$")

    def best(self) -> Decimal:
        """Return the decimal sign with which more texts are numbers; a point, where both are alike."""
        return "," if self.signs[","].fits > self.signs["."].fits else "."

    @property
    def settled(self) -> Decimal | None:
        """The decimal sign, if there is a text that is a number with that one alone."""
        point, comma = self.signs["."].fits, self.signs[","].fits
        return None if point == comma else self.best()
