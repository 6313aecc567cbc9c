"""How a CSV file is written: found on the file itself, so that nobody has to say it.

Not `csv.Sniffer`: it looks past no title above the header, and knows no character that escapes a quote.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from components.config.errors import DataError
from components.kinds.csv_files import encoding

SEPARATORS = ",;\t|"

_SAMPLE = 1 << 20  # bytes that the separator is told by
_ROWS = 1_000
_HEADER = 20  # lines that the header may fill
_ONE_ROW = re.compile(r"""^(?:sep|SEP)=(.)["']?\s*$""")
_VALUE = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]+)?|[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}.*")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_ARCHIVES = {b"PK\x03\x04": "an Excel workbook or a ZIP archive", b"\xd0\xcf\x11\xe0": "an Excel workbook"}


@dataclass(frozen=True)
class Dialect:
    """What stands between the values of a file, and around them."""

    separator: str = ","
    quote: str = '"'
    escape: str | None = None
    """Before a quote inside of quotes; None: it is doubled."""
    encoding: str = "utf-8"
    skip: int = 0
    """Lines before the header."""
    spaced: bool = False
    """A space stands behind each separator, which belongs to no name and no value."""

    def said(self) -> dict[str, Any]:
        """Return it as JSON, without what is as usual."""
        usual = asdict(Dialect())
        return {"separator": self.separator} | {
            key: value for key, value in asdict(self).items() if value != usual[key]
        }

    def reader(self, lines: Iterator[str], strict: bool = False) -> "csv.Reader":  # type: ignore[name-defined]
        """Read with Python's own parser, which is slower and knows its line."""
        return csv.reader(
            lines,
            delimiter=self.separator,
            quotechar=self.quote,
            escapechar=self.escape,
            doublequote=self.escape is None,
            skipinitialspace=self.spaced,
            strict=strict,
        )


def find(path: Path) -> Dialect:
    """Return the dialect of the file at `path`.

    Raises:
        DataError: it is no text, or has no header.
    """
    about = path.stat()
    return _find(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=64)
def _find(path: Path, size: int, time: int) -> Dialect:  # the arguments tell one state of the file from another
    with path.open("rb") as file:
        head = file.read(4)
    for mark, what in _ARCHIVES.items():
        if head.startswith(mark):
            raise DataError(f"{what}, not CSV: save the sheet as CSV, or unpack the archive, and name that file")
    found = encoding.find(path)
    with encoding.opened(path) as stream:
        sample = stream.read(_SAMPLE)
    text = sample.decode("utf-8-sig" if found == "utf-8" else found, "ignore")
    lines = text.splitlines(keepends=True)
    if len(sample) == _SAMPLE:
        lines = lines[:-1] or lines
    told = _ONE_ROW.match(lines[0]) if lines else None
    first = 1 if told else 0
    candidates = [
        Dialect(separator, quote, escape, found)
        for separator in (told[1] if told else SEPARATORS)
        for quote, escape in _quotes(lines)
    ]
    best = max(candidates, key=lambda dialect: _score(dialect, lines[first:]))
    skip = first + _title(best, lines[first:])
    return replace(best, skip=skip, spaced=_spaced(best, lines[skip:]))


def _spaced(dialect: Dialect, lines: Sequence[str]) -> bool:
    """Return whether every name of the header but the first begins with a space."""
    names = next(iter(_rows(dialect, lines[:_HEADER])), [])
    return len(names) > 1 and all(name.startswith(" ") for name in names[1:])


def _quotes(lines: Sequence[str]) -> list[tuple[str, str | None]]:
    """Return the quotes that the file may have, with what stands before one inside of a value."""
    text = "".join(lines[:_ROWS])
    if '"' not in text and sum(bool(re.search(r"(?:^|[,;\t|])'[^']*'(?:[,;\t|]|\s*$)", line)) for line in lines) > (
        0.5 * len(lines)
    ):
        return [("'", None)]
    return [('"', None), ('"', "\\")] if '\\"' in text else [('"', None)]


def _rows(dialect: Dialect, lines: Sequence[str]) -> list[list[str]]:
    try:
        return [row for row in islice(dialect.reader(iter(lines)), _ROWS) if row]
    except csv.Error:
        return []


def _score(dialect: Dialect, lines: Sequence[str]) -> tuple[bool, float, int, bool]:
    """Return how well a dialect explains the lines: whether all rows are alike, the part that is, and their length."""
    counts = Counter(len(row) for row in _rows(dialect, lines))
    alike = {length: count for length, count in counts.items() if length > 1}
    if not alike:
        return False, 0.0, 1, dialect.escape is None
    length = max(alike, key=lambda length: alike[length])
    part = alike[length] / counts.total()
    return part == 1.0, round(part, 1), length, dialect.escape is None


def _title(dialect: Dialect, lines: Sequence[str]) -> int:
    """Return how many lines stand before the header: titles and remarks, which are shorter than the rows."""
    counts = Counter(len(row) for row in _rows(dialect, lines))
    usual = max(counts, key=lambda length: (counts[length], length), default=1)
    reader = dialect.reader(iter(lines))
    end = 0
    passed: list[list[str]] = []
    try:
        for row in islice(reader, _ROWS):
            filled = [value for value in row if value.strip()]
            if len(row) >= usual and (len(filled) > 1 or usual == 1):
                named = len(set(filled)) == len(filled) and not any(_VALUE.fullmatch(value.strip()) for value in filled)
                return end if named or not any(_long(before, usual) for before in passed) else 0
            passed.append(row)
            end = reader.line_num
    except csv.Error:
        return 0
    return 0


def _long(row: Sequence[str], usual: int) -> bool:
    """Whether a row is nearly as long as the usual ones: then it may be a header that lacks a name."""
    return sum(bool(value.strip()) for value in row) > max(1, usual // 2)


def check_header(names: Sequence[str]) -> None:
    """Hold the first line against being a row of values.

    Raises:
        DataError: it is one.
    """
    values = [name for name in names if _VALUE.fullmatch(name.strip()) and not _YEAR.fullmatch(name.strip())]
    counted = list(names) == [str(index) for index in range(len(names))]
    if len(values) >= 0.5 * len(names) and values and not counted:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise DataError(
            f"no header: the first line holds values ({shown}); put a line with the columns' names before it"
        )
