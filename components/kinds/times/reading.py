"""Texts and numbers that say a time, by the format of their column -> milliseconds since 1970.

`prepare` reads whole columns by the same patterns (`columns`); a test holds the two to each other. Own
patterns, not dateutil: it settles each value by itself, and here the format of the column does.
"""

import math
import re
from collections.abc import Mapping
from datetime import date
from functools import cache

from components.kinds.nulls import BLANK
from components.kinds.times.formats import FALLBACKS, ISO, ISO_T, MONTHS, UNITS, pattern

_EPOCH = date(1970, 1, 1).toordinal()
_LATEST = 253_402_300_800_000  # milliseconds since 1970 at the end of the year 9999
_SERIAL = 25_569  # Excel's number of the first day of 1970
_DAY = 86_400_000
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,19}(?:[.,][0-9]{1,12})?|[0-9](?:[.,][0-9]{1,20})?[eE][+]?[0-9]{1,2})")


def of_text(text: str, format: str) -> int | None:
    """Return the time that `text` says, milliseconds since 1970; None: it says none. No zone: UTC.

    The format decides what can be read in several ways; what can be read in one way alone (ISO 8601, the name of a
    month) is read whatever the format is.
    """
    if format in UNITS and _NUMBER.fullmatch(text.strip(BLANK)):
        said = text.strip(BLANK).replace(",", ".")
        return of_number(int(said) if said.lstrip("+-").isdigit() else float(said), format)
    for reading in readings(format):
        found = _compiled(pattern(reading)).fullmatch(text)
        if found and (time := _assembled(found.groupdict())) is not None:
            return time
    return None


def of_number(value: float, format: str) -> int | None:
    """Return the time that a number says; None: it says none, or one beyond the year 9999.

    A format of digits (`%Y%m%d`) reads the number's digits, and what is none of its dates as seconds since 1970.
    """
    if format not in UNITS:
        if isinstance(value, int) and (found := of_text(digits(value, format), format)) is not None:
            return found
        return of_number(value, "seconds")
    if not math.isfinite(value):
        return None
    unit = UNITS[format]
    if format == "excel":
        value -= _SERIAL
    if isinstance(value, int):
        time = value * int(unit) if unit >= 1 else value // round(1 / unit)
    else:
        time = math.floor(value * unit * 1_000 + 0.5) // 1_000
    return time if abs(time) < _LATEST else None


def digits(value: int, format: str) -> str:
    """Return the digits of a number, with the zero that it has lost if the format begins with a day or a month."""
    said = str(value)
    return "0" + said if said.isdigit() and len(said) % 2 and format[:2] in ("%d", "%m") else said


def readings(format: str) -> list[str]:
    """Return the formats by which a text of the column is read, one after another."""
    if format in UNITS:
        return [FALLBACKS[0]]
    others = [other for other in FALLBACKS if other != format and not _contradicts(other, format)]
    return [format, *others] if ISO in (format, *others) else [ISO_T, format, *others]


def _contradicts(other: str, format: str) -> bool:
    """Whether they read a text that begins with a year of four digits differently."""
    return other == ISO and format.startswith("%Y") and 0 < format.find("%d") < format.find("%m")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _assembled(said: Mapping[str, str | None]) -> int | None:
    def number(name: str) -> int:
        return int(said.get(name) or 0)

    hour, minute, second = _hour(number("hour"), said.get("half")), number("minute"), number("second")
    offset = (number("zone_hour") * 60 + number("zone_minute")) * (-1 if said.get("sign") == "-" else 1)
    if hour is None or minute > 59 or second > 59 or number("zone_hour") > 15 or number("zone_minute") > 59:
        return None
    try:
        day = date(_year(said["year"] or ""), _month(said), number("day")).toordinal() - _EPOCH
    except ValueError:
        return None
    thousandths = int(((said.get("fraction") or "") + "000")[:3])
    return day * _DAY + ((hour * 60 + minute - offset) * 60 + second) * 1_000 + thousandths


def _year(said: str) -> int:
    """Return the year; of two digits as POSIX has it: 69 to 99 are 1969 to 1999."""
    year = int(said)
    return year if len(said) > 2 else year + (1900 if year > 68 else 2000)


def _month(said: Mapping[str, str | None]) -> int:
    name = said.get("name")
    if name is None:
        return int(said["month"] or 0)
    head = name[:4].lower()
    return MONTHS.get(head) or MONTHS[head[:3]]


def _hour(hour: int, half: str | None) -> int | None:
    if half is None or (hour > 12 and half in "Pp"):
        return hour if hour < 24 else None
    return hour % 12 + (12 if half in "Pp" else 0) if hour <= 12 else None
