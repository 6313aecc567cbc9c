"""Numbers as people write them -> floats, by what is known of their column: the decimal sign and the unit.

`prepare` reads whole columns by the same pattern (`prepare/numbers.py`); a test holds the two to each other.
"""

import re
from collections.abc import Collection
from functools import cache
from typing import Literal

from components.kinds.nulls import BLANK

Decimal = Literal[".", ","]

_BLANKS = f"[{BLANK}]"
_MINUS = "\u2212"
_DASHES = "[\\-\u2013\u2014]{1,2}"  # in place of decimals: 99,-
_UNIT = rf"[^0-9{BLANK}.,'\u2019()+\-{_MINUS}\"_][^0-9()+\-{_MINUS}\"]{{0,11}}?"
_SPACED = rf"[1-9][0-9]{{0,2}}(?:[{BLANK}'\u2019_][0-9]{{3}})+"
_WHOLE = {
    ".": rf"(?:[1-9][0-9]{{0,2}}(?:,[0-9]{{2,3}})*,[0-9]{{3}}|{_SPACED}|[0-9]+)",
    ",": rf"(?:[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}})+|{_SPACED}|[0-9]+)",
}
_SYMBOLS = "~≈$€£¥₹₽₩₺₴₫฿₪₦₱₡₲₵₸₼₾¢"
_CODES = (
    "AED AUD BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR JPY KES KRW MXN MYR NGN NOK NZD PEN PHP "
    "PLN RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR KR Kč ZŁ FT LEI RS RS. R RM FR FR. SFR SFR. RMB EURO EUROS "
    "DOLLAR DOLLARS"
)
_CURRENCIES = frozenset(_CODES.casefold().split())


def of_text(text: str, decimal: Decimal, units: Collection[str] = ()) -> float | None:
    """Return the number that `text` says; None: it says none, or has a unit that is not among `units`.

    Args:
        text: with or without a sign, which may stand behind, or be parentheses; a unit, or none.
        decimal: the decimal sign; the other one parts thousands, and so do blanks and apostrophes.
        units: what may stand before or behind, as `unit` writes it; nothing always may.
    """
    found = _compiled(decimal).fullmatch(text)
    if found is None:
        return None
    signs = [found[name] for name in ("sign", "inner", "behind") if found[name]]
    brackets = bool(found["open"]), bool(found["close"])
    if brackets[0] != brackets[1] or len(signs) + brackets[0] > 1:
        return None
    if (shown := unit(found["front"], found["back"])) and shown not in units:
        return None
    digits = re.sub(f"[^0-9{decimal}]", "", found["core"]).replace(decimal, ".")
    number = float(digits + (found["power"] or ""))
    return -number if brackets[0] or (signs and signs[0] != "+") else number


def unit(front: str | None, back: str | None) -> str:
    """Return what stands before and behind a number, in one form."""
    return " ".join(part.strip(BLANK) for part in (front, back) if part)


def is_currency(unit: str) -> bool:
    """Whether it is the sign or the code of a currency, or says "about": numbers with it and without it are alike."""
    return any(sign in unit for sign in _SYMBOLS) or unit.casefold() in _CURRENCIES


@cache
def pattern(decimal: Decimal) -> str:
    """Return the pattern of a number; Python's `re` and Rust's `regex` both read it."""
    part = rf"\{decimal}"
    core = rf"(?P<core>{_WHOLE[decimal]}(?:{part}(?:{_DASHES}|[0-9]*))?|{part}[0-9]+)(?P<power>[eE][+\-]?[0-9]{{1,3}})?"
    return (
        rf"^{_BLANKS}*=?['\u2019\"]?(?P<open>\()?{_BLANKS}*(?P<sign>[+\-{_MINUS}])?{_BLANKS}*"
        rf"(?:(?P<front>{_UNIT}){_BLANKS}*)?(?P<inner>[+\-{_MINUS}])?{_BLANKS}*{core}"
        rf"(?:{_BLANKS}*(?P<back>{_UNIT}))?{_BLANKS}*(?P<behind>[\-{_MINUS}])?{_BLANKS}*(?P<close>\))?\"?{_BLANKS}*$"
    )


@cache
def _compiled(decimal: Decimal) -> re.Pattern[str]:
    return re.compile(pattern(decimal))
