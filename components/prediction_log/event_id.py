"""Identities of answers: UUIDs that are ordered by time (version 7, RFC 9562), one for each row of a request.

48 bits of milliseconds since 1970, 12 bits that count within one of them, 46 random bits, and 16 bits for the row's
number: so the identity of row `i` is that of the request plus `i`.
"""

import os
import time

ROWS = 1 << 16
"""Rows that a request may have."""

_COUNTS = 1 << 12
_VERSION_AND_VARIANT = (0x7 << 76) | (0x2 << 62)
_AT_ONCE = 64  # identities whose random bits are asked for in one call
_RANDOM = (1 << 46) - 1
_LENGTHS = (8, 4, 4, 4, 12)


class EventIds:
    """Makes identities, each greater than the one before, also where the clock goes back."""

    def __init__(self) -> None:
        self._last = 0  # milliseconds and count of the last one, as one number
        self._random = b""  # what is left of the last bytes of the system

    def new(self) -> int:
        """Return the identity of a request's first row."""
        now = time.time_ns() // 1_000_000 * _COUNTS
        self._last = now if now > self._last else self._last + 1
        moment, count = divmod(self._last, _COUNTS)
        if not self._random:
            self._random = os.urandom(6 * _AT_ONCE)
        random = int.from_bytes(self._random[:6], "big") & _RANDOM
        self._random = self._random[6:]
        return moment << 80 | count << 64 | _VERSION_AND_VARIANT | random << 16


def as_text(identity: int) -> str:
    """Return the identity in the usual form, 8-4-4-4-12 hexadecimal digits."""
    digits = f"{identity:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def texts(identity: int, rows: int) -> list[str]:
    """Return the event ids of a request's rows; `identity` is that of the first."""
    first = as_text(identity)
    return [first, *(f"{first[:-4]}{row:04x}" for row in range(1, rows))] if rows > 1 else [first]


def with_id(answer: bytes, event_id: str) -> bytes:
    """Return an answer, a JSON object with a field at least, with its event id as the last field."""
    return b'%b,"id":"%b"}' % (answer[:-1], event_id.encode())


def of_text(text: str) -> int:
    """Return the identity that `as_text` wrote.

    Raises:
        ValueError: it is none.
    """
    parts = text.split("-")
    if tuple(map(len, parts)) != _LENGTHS or parts[2][0] != "7":
        raise ValueError(f"{text!r} is no event id: one is of the form xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx")
    try:
        return int("".join(parts), 16)
    except ValueError:
        raise ValueError(f"{text!r} is no event id: it has other than hexadecimal digits") from None


def milliseconds(identity: int) -> int:
    """Return when the identity was made, milliseconds since 1970."""
    return identity >> 80
