"""Progress of long work: a bar where a person watches a terminal, else a few lines."""

import os
import sys
from typing import Any

from tqdm import tqdm

TERMINAL = "JOURNEYMAN_TERMINAL"
"""Set for a process whose output somebody else passes on to a terminal."""

_REFRESH_EVERY = 1.0  # seconds
_LINE_EVERY = 10.0  # seconds, and a tenth of the work where it is known how much there is
_UNSHOWN = 1e-9  # seconds; with any delay tqdm does not show that nothing has been done yet


class Progress(tqdm):  # type: ignore[type-arg]
    """The bar of tqdm on a terminal. Elsewhere each tenth of the work is a line, and so is the end.

    Of these lines there is at most one in ten seconds. Takes tqdm's arguments but `file`, `delay` and the intervals.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        if watched():
            super().__init__(*arguments, **options | {"mininterval": _REFRESH_EVERY})
            return
        lines: dict[str, Any] = {"file": _Lines(), "mininterval": _LINE_EVERY, "maxinterval": float("inf")}
        super().__init__(*arguments, **options | lines | {"delay": _UNSHOWN})
        self.delay = 0.0  # else an end that comes soon is not shown either
        self.dynamic_miniters = False
        self.miniters = (self.total or 0) / 10


def watched() -> bool:
    """Whether what is written to stderr comes to a terminal."""
    return sys.stderr.isatty() or TERMINAL in os.environ


class _Lines:
    """Writes each state of a bar, which goes back to the start of its line, as a line of its own."""

    encoding = "utf-8"

    def write(self, text: str) -> None:
        """Write what is not blank."""
        if state := text.strip():
            sys.stderr.write(f"{state}\n")

    def flush(self) -> None:
        """Write what is held back."""
        sys.stderr.flush()
