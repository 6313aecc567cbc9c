"""The formats of times: words, or what `strptime` takes -> patterns that Python's `re` and Rust's `regex` both read.

A format of a date with a time behind it fixes the order of day, month and year alone: separators, two or four digits
of the year, the time of day (12 or 24 hours, seconds and fractions or none) and its zone are read as they come.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from components.config.errors import ConfigError
from components.kinds.nulls import BLANK

UNITS: Mapping[str, int | float] = {
    "seconds": 1_000,
    "milliseconds": 1,
    "microseconds": 1e-3,
    "nanoseconds": 1e-6,
    "minutes": 60_000,
    "hours": 3_600_000,
    "days": 86_400_000,
    "excel": 86_400_000,
}
"""Words for numbers that count since 1970 (`excel`: days since 1899-12-30), and their milliseconds."""

ISO = "%Y-%m-%d"
ISO_T = "%Y-%m-%dT%H:%M"
"""With a `T`, which nobody writes behind a day that stands before its month."""
DAY_FIRST, MONTH_FIRST, SHORT_YEAR_FIRST = "%d/%m/%Y", "%m/%d/%Y", "%y/%m/%d"
MONTH_FIRST_DOTTED = "%m.%d.%Y"
"""Dots stand behind days nearly everywhere: a format that has the month first reads them only if it says so."""
DAY_LAST_BUT_ONE = "%Y-%d-%m"
DIGITS = "%Y%m%d"
FALLBACKS = (ISO, "%d %b %Y", "%b %d %Y", "%Y %b %d", "%b %d %H:%M:%S%z %Y")
"""Formats that can be read in one way alone."""

_WORDS = {
    "iso": ISO,
    "iso8601": ISO,
    "day first": DAY_FIRST,
    "month first": MONTH_FIRST,
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
}

_SPACE = f"[{BLANK}]"
_ZONE = (
    rf"(?:{_SPACE}?(?:Z|z|UTC|GMT|utc|gmt)?"
    r"(?:(?P<sign>[+-])(?P<zone_hour>[0-9]{1,2})(?::?(?P<zone_minute>[0-9]{2}))?)?(?:\[[A-Za-z_/+-]+\])?)"
)
_HALF = rf"(?:{_SPACE}?(?P<half>[AaPp])\.?[Mm]\.?)?"
_FRACTION = r"(?:[.,](?P<fraction>[0-9]{1,12}))?"
_BEFORE_TIME = rf"(?:T|(?:[,:]|{_SPACE})+(?:at{_SPACE}+)?)"
TAIL = (
    rf"(?:{_BEFORE_TIME}(?P<hour>[0-9]{{1,2}})(?:[:.h](?P<minute>[0-9]{{2}}))?"
    rf"(?:[:.](?P<second>[0-9]{{2}}){_FRACTION})?{_HALF}{_ZONE})?"
)
"""The time of day behind a date, if there is one."""
CLOCK = (
    rf"^{_SPACE}*(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-9]{{2}})(?::(?P<second>[0-9]{{2}}){_FRACTION})?{_HALF}{_SPACE}*$"
)
"""A time of day without a date."""
_TIGHT_TAIL = (
    r"(?:[T _-]?(?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?:[.,]?(?P<fraction>[0-9]{1,12}))?)?"
    + _ZONE
    + ")?"
)
_WEEKDAY = r"(?:(?:[Mm]on|[Tt]ue|[Ww]ed|[Tt]hu|[Ff]ri|[Ss]at|[Ss]un|MON|TUE|WED|THU|FRI|SAT|SUN)[A-Za-z]*\.?,?[ ]+)?"
MONTHS = {
    "juin": 6, "juil": 7, "jan": 1, "gen": 1, "ene": 1, "feb": 2, "fev": 2, "fév": 2, "mar": 3, "mär": 3, "maa": 3,
    "mrz": 3, "apr": 4, "avr": 4, "abr": 4, "may": 5, "mai": 5, "mag": 5, "mei": 5, "maj": 5, "jun": 6, "giu": 6,
    "jul": 7, "lug": 7, "aug": 8, "aoû": 8, "aou": 8, "ago": 8, "sep": 9, "set": 9, "oct": 10, "okt": 10, "ott": 10,
    "out": 10, "nov": 11, "dec": 12, "dez": 12, "déc": 12, "dic": 12,
}  # fmt: skip
"""Months by the beginning of their names, in the languages of Western Europe: none means two months."""
_BETWEEN = r"(?:[ ]?[/.\-年月년월][ ]?|[ ])"
_ANY_BETWEEN = r"(?:[ /.,\-]|de )*"
_DAY = r"(?P<day>[0-9]{1,2})"
_DAY_NAMED = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|\.)?"
_MONTH = r"(?P<month>[0-9]{1,2})"
_NAME = rf"(?P<name>(?i:{'|'.join(MONTHS)})[A-Za-zäéû]*)"
_TWO = "[0-9]{2}"

_DATE = {"Y": "year", "y": "year", "m": "month", "b": "month", "B": "month", "h": "month", "d": "day", "e": "day"}
_TIME = "HIMSfpzZ"
_WHOLE = {"F": "%Y-%m-%d", "D": "%m/%d/%y", "T": "%H:%M:%S", "R": "%H:%M"}
_LITERAL = {
    "Y": "(?P<year>[0-9]{4})",
    "y": "(?P<year>[0-9]{2})",
    "m": _MONTH,
    "d": _DAY,
    "b": _NAME,
    "H": "(?P<hour>[0-9]{1,2})",
    "M": "(?P<minute>[0-9]{1,2})",
    "S": "(?P<second>[0-9]{1,2})",
    "f": "(?P<fraction>[0-9]{1,12})",
    "p": r"(?P<half>[AaPp])\.?[Mm]\.?",
    "z": _ZONE,
    "a": "[A-Za-z]+",
}
_SAME = {"e": "d", "B": "b", "h": "b", "I": "H", "Z": "z", "A": "a"}


def check(format: str) -> str:
    """Return a format that is one, in the form that is kept.

    Raises:
        ConfigError: it is none.
    """
    plain = format.strip()
    plain = _WORDS.get(plain.lower(), plain)
    if plain.lower() in UNITS:
        return plain.lower()
    plain = plain if "%" in plain else _letters(plain)
    pattern(plain)
    return plain


def asked(format: str | None) -> str | None:
    """Return the format that `prepare.time_format` names, in the form that is kept; None: it names none.

    Raises:
        ConfigError: it is none; the line says which key has it.
    """
    try:
        return None if format is None else check(format)
    except ConfigError as error:
        raise ConfigError(f"params.yaml: prepare.time_format: {error}") from error


def _letters(format: str) -> str:
    """Return `%d/%m/%Y %H:%M` of `DD/MM/YYYY HH:mm`, as spreadsheets and Java have it; anything else as it is."""
    tokens = re.findall(r"[Yy]{4}|[Yy]{2}|MMM+|[Mm]{1,2}|[Dd]{1,2}|[Hh]{1,2}|[Ss]{1,2}|[Aa]|[^A-Za-z]+|.", format)
    names: list[str] = []
    for token in tokens:
        kind = token[0].lower()
        if kind == "y" and len(token) in (2, 4):
            names.append("%Y" if len(token) == 4 else "%y")
        elif kind == "m":
            names.append("%b" if len(token) > 2 else "%M" if {"%m", "%b"} & set(names) else "%m")
        elif kind in "dhsa":
            names.append({"d": "%d", "h": "%I" if "a" in format.lower() else "%H", "s": "%S", "a": "%p"}[kind])
        elif not token.isalpha():
            names.append(token)
        else:
            return format
    return "".join(names)


@cache
def pattern(format: str) -> str:
    """Return the pattern of texts in that format, from their first character to their last.

    Raises:
        ConfigError: the format says no day.
    """
    if format == ISO_T:
        return pattern(ISO).replace(TAIL, TAIL.replace(_BEFORE_TIME, "T").removesuffix("?"))
    tokens = _tokens(format)
    directives = [letter for letter in tokens if len(letter) == 1 and letter.isalpha()]
    dates = [letter for letter in directives if letter in _DATE]
    if sorted(_DATE[letter] for letter in dates) != ["day", "month", "year"]:
        raise ConfigError(f"the format {format!r} names no day, month and year: {EXPECTED}")
    unknown = [letter for letter in directives if letter not in _DATE and letter not in _TIME and letter not in "aA"]
    if unknown:
        raise ConfigError(f"the format {format!r}: %{unknown[0]} is not known here: {EXPECTED}")
    usual = [letter for letter in directives if letter not in "aA"]
    date_first = usual[: len(dates)] == dates
    dotless = dates[:2] == ["m", "d"] and "\0." not in tokens
    inside = _date(dates, _tight(tokens, dates), dotless) if date_first else _literal(tokens)
    weekday = _WEEKDAY if date_first or not {"a", "A"} & set(tokens) else ""
    return rf"^{_SPACE}*['\[]?{weekday}{inside}\]?{_SPACE}*$"


EXPECTED = "write it as %d/%m/%Y, %m/%d/%Y %H:%M or the like, or one of iso, day first, month first, " + ", ".join(
    UNITS
)


def _tokens(format: str) -> list[str]:
    """Return letters of directives, and what stands between, which is marked by a zero byte in front."""
    for letter, meant in _WHOLE.items():
        format = format.replace(f"%{letter}", meant)
    found = re.findall(r"%[-_0]?([A-Za-z])|(%%|[^%]+|%)", format)
    return [letter or "\0" + between.replace("%%", "%") for letter, between in found]


def _tight(tokens: Sequence[str], dates: Sequence[str]) -> bool:
    """Whether day, month and year stand side by side, in digits."""
    first = tokens.index(dates[0])
    return list(tokens[first : first + 3]) == list(dates) and not any(letter in "bBh" for letter in dates)


def _date(dates: Sequence[str], tight: bool, dotless: bool) -> str:
    if tight:
        parts = {"Y": "[0-9]{4}", "y": _TWO}
        return "".join(f"(?P<{_DATE[letter]}>{parts.get(letter, _TWO)})" for letter in dates) + _TIGHT_TAIL
    named = any(letter in "bBh" for letter in dates)
    parts = {"year": _year(dates), "month": _NAME + r"\.?" if named else _MONTH, "day": _DAY_NAMED if named else _DAY}
    between = _ANY_BETWEEN if named else _BETWEEN.replace(".", "", 1) if dotless else _BETWEEN
    return between.join(parts[_DATE[letter]] for letter in dates) + "(?:日|일|[.])?" + TAIL


def _year(dates: Sequence[str]) -> str:
    if _DATE[dates[0]] == "year":
        return f"(?P<year>{'[0-9]{4}' if dates[0] == 'Y' else _TWO})"
    return "(?P<year>[0-9]{4}|[0-9]{2})"


def _literal(tokens: Sequence[str]) -> str:
    """Return the pattern of a format whose day, month and year do not stand in front."""
    parts = []
    for index, letter in enumerate(tokens):
        if letter.startswith("\0"):
            parts.append(re.sub(r"\\?\s+", r"[ ]+", re.escape(letter[1:])))
            continue
        beside = tokens[max(0, index - 1) : index + 2]
        part = _LITERAL[_SAME.get(letter, letter)]
        parts.append(part.replace("{1,2}", "{2}") if sum(token.isalpha() for token in beside) > 1 else part)
        if letter == "S":
            parts.append("" if "f" in tokens else _FRACTION)
    if "z" not in tokens and "Z" not in tokens and tokens[-1] in "YyS":
        parts.append(_ZONE)
    return "".join(parts)
