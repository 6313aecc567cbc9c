"""Which entry of the promotion history moved a pointer: only a later one of the same history may move it on.

The pointer to a canary counts the steps of trials, too.

The pointer names it as a file that lies beside the bundle, `entry-000006-<history>`. So endpoints of any version read
the pointer, also those from before there were positions, which refuse a key that they do not know.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from components.config.errors import PublishedError

_NAME = re.compile(r"entry-(\d{6,})-([0-9a-zA-Z]+)")


@dataclass(frozen=True)
class Position:
    """The place of an entry in the history of promotions."""

    number: int
    """From 1; a later entry has a higher one."""
    history: str
    """The id of the history, which only one registry has."""

    @property
    def name(self) -> str:
        """The name of the file beside the bundle."""
        return f"entry-{self.number:06d}-{self.history}"

    @property
    def content(self) -> bytes:
        """What is in that file."""
        return f"{self.name}\n".encode()

    @property
    def beside(self) -> dict[str, str]:
        """How a pointer names the file: its name, and the SHA-256 of what is in it."""
        return {self.name: hashlib.sha256(self.content).hexdigest()}

    def must_share_history(self, history: str, where: str) -> None:
        """See to it that the pointer `where`, which has this position, belongs to the history of that id.

        Raises:
            PublishedError: it belongs to another one.
        """
        if self.history != history:
            raise PublishedError(
                f"{where}: follows another registry (its history is {self.history[:8]}, this one's "
                f"{history[:8] or 'has not begun'}); publish under another prefix, or, if that registry is no more, "
                "remove this file"
            )


def position_of(names: Iterable[str]) -> Position | None:
    """Return the position that one of the names tells; None: none does."""
    found = next(filter(None, map(_NAME.fullmatch, names)), None)
    return Position(int(found[1]), found[2]) if found else None
