"""Identities of answers: UUIDs that are ordered by time (version 7, RFC 9562), one for each row of a request.

48 bits of milliseconds since 1970, 12 bits that count within one of them, 46 random bits, and 16 bits for the row's
number: so the identity of row `i` is that of the request plus `i`.
"""

import os
import struct
from binascii import hexlify

from components.system.clock import time_ns

ROWS = 1 << 16
"""Rows that a request may have."""

_COUNTS = 1 << 12
_VERSION_AND_VARIANT = (0x7 << 76) | (0x2 << 62)
_AT_ONCE = 64  # identities whose random bits are asked for in one call
_RANDOM = (1 << 46) - 1
_LENGTHS = (8, 4, 4, 4, 12)
_PARTS = struct.Struct("8s4s4s4s12s")


class EventIds:
    """Makes identities, each greater than the one before, also where the clock goes back."""

    def __init__(self) -> None:
        self._last = 0  # milliseconds and count of the last one, as one number
        self._constant: list[int] = []  # what is left of those made at once: version, variant, random bits

    def new(self) -> int:
        """Return the identity of a request's first row."""
        now = time_ns() // 1_000_000 * _COUNTS
        self._last = last = now if now > self._last else self._last + 1
        if not self._constant:
            self._constant = _constants()
        return last // _COUNTS << 80 | last % _COUNTS << 64 | self._constant.pop()


def as_text(identity: int) -> str:
    """Return the identity in the usual form, 8-4-4-4-12 hexadecimal digits."""
    return _text(identity).decode()


def texts(identity: int, rows: int) -> list[bytes]:
    """Return the event ids of a request's rows, in ASCII; `identity` is that of the first."""
    first = _text(identity)
    return [first, *(b"%b%04x" % (first[:-4], row) for row in range(1, rows))] if rows > 1 else [first]


def with_id(answer: bytes, event_id: bytes) -> bytes:
    """Return an answer, a JSON object with a field at least, with its event id as the last field."""
    return b"".join((answer[:-1], b',"id":"', event_id, b'"}'))


def _constants() -> list[int]:
    """Return what some identities have besides their time and count."""
    random = struct.unpack(f"{_AT_ONCE}Q", os.urandom(8 * _AT_ONCE))
    return [_VERSION_AND_VARIANT | (bits & _RANDOM) << 16 for bits in random]


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


def _text(identity: int) -> bytes:
    return b"-".join(_PARTS.unpack(hexlify(identity.to_bytes(16, "big"))))
