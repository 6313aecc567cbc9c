"""Who is to be erased: a value of a column, as text."""

import re
from dataclasses import dataclass, field
from typing import Any

_WHOLE = re.compile(r"(-?\d+)\.0+")


@dataclass
class Subject:
    """Whose records are erased."""

    column: str
    """Of the records."""
    value: str
    keys: set[str] = field(default_factory=set)
    """The caller's own keys of the records: what is said of them elsewhere is found by these."""

    def is_it(self, value: Any) -> bool:
        """Whether a cell names the subject; a table may have `4711` as `4711.0`."""
        return value is not None and plain(str(value)) == plain(self.value)

    def __str__(self) -> str:
        return f"{self.column}={self.value}"


@dataclass(frozen=True)
class Removed:
    """What was removed from one place."""

    place: str
    what: str
    count: int


def plain(text: str) -> str:
    """Return the text of a cell without what writing it as a number adds."""
    text = text.strip()
    return found[1] if (found := _WHOLE.fullmatch(text)) else text
