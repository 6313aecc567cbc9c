"""Refusing where a connection is read: under overload a refusal that costs as much as a request eats up the answering.

uvicorn parses a request, makes a task of it and has it go through the gateway, of which an answer of 429 comes. Where
as many tasks are at work as the endpoint may have in hand, what is plainly one more question gets that answer here.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from components.inference.gateway.app import BUSY
from components.inference.gateway.call import identity
from components.inference.gateway.headers import ANSWER
from components.inference.gateway.operations import PREDICT
from components.internals import uvicorn

_LINE = f"POST {PREDICT} HTTP/1.1\r\n".encode()
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)(?:\r|$)")
_ANOTHER_WAY = (b"close", b"\r\nexpect:", b"\r\norigin:", b"\r\ntransfer-encoding:", b"\r\nx-request-id:")
"""What in a head has the gateway answer: the connection is to end, or the answer depends on it."""


def shed(room: int, refused: Callable[[], None]) -> None:
    """Have the connections of this process refuse what comes while `room` tasks are at work; tell `refused` of each."""

    def wrap(usual: uvicorn.Received) -> uvicorn.Received:
        def data_received(connection: uvicorn.Connection, data: bytes) -> None:
            if uvicorn.tasks_at_work(connection) >= room and uvicorn.is_idle(connection) and _plain(data):
                uvicorn.write(connection, _refusal(connection))
                refused()
            else:
                usual(connection, data)

        return data_received

    uvicorn.wrap_data_received(wrap)


def _plain(data: bytes) -> bool:
    """Whether `data` is one whole question, as nearly all are."""
    if not data.startswith(_LINE):
        return False
    end = data.find(_END)
    return end > 0 and len(data) - end - len(_END) == _length(data[:end])


@lru_cache(maxsize=256)
def _length(head: bytes) -> int | None:
    """Return the length of the body of a question, unless its head asks for what the gateway has to see to."""
    small = head.lower()
    length = _LENGTH.search(small)
    return int(length[1]) if length and not any(words in small for words in _ANOTHER_WAY) else None


def _refusal(connection: uvicorn.Connection) -> bytes:
    return b"%b%bx-request-id: %b\r\n\r\n%b" % (_BEGIN, _default_headers(connection), identity(), BUSY.body)


def _default_headers(connection: uvicorn.Connection) -> bytes:
    global _headers
    usual = uvicorn.default_headers(connection)
    if _headers[0] is not usual:
        _headers = (usual, _lines(usual))
    return _headers[1]


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


_headers: tuple[Any, bytes] = (None, b"")
_BEGIN = b"HTTP/1.1 429 Too Many Requests\r\n" + _lines(
    (*BUSY.headers, *ANSWER, (b"content-length", str(len(BUSY.body)).encode()))
)
