"""Refusing where a connection is read: under overload a refusal that costs as much as a request eats up the answering.

uvicorn parses a request, makes a task of it and has it go through the gateway, of which an answer of 429 comes. Where
as many tasks are at work as the endpoint may have in hand, what is plainly one more question gets that answer here.
"""

import re
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from components.inference.gateway.app import BUSY, PREDICT
from components.inference.gateway.call import identity
from components.inference.gateway.headers import ANSWER

_usual = HttpToolsProtocol.data_received
_LINE = f"POST {PREDICT} HTTP/1.1\r\n".encode()
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)(?:\r|$)")
_ANOTHER_WAY = (b"close", b"\r\nexpect:", b"\r\norigin:", b"\r\ntransfer-encoding:", b"\r\nx-request-id:")
"""What in a head has the gateway answer: the connection is to end, or the answer depends on it."""


def shed(room: int, refused: Callable[[], None]) -> None:
    """Have the connections of this process refuse what comes while `room` tasks are at work; tell `refused` of each."""

    def data_received(connection: Any, data: bytes) -> None:
        if len(connection.tasks) >= room and _between(connection) and _plain(data):
            _refuse(connection)
            refused()
        else:
            _usual(connection, data)

    HttpToolsProtocol.data_received = data_received  # type: ignore[method-assign,assignment]


def _between(connection: Any) -> bool:
    """Whether a connection has nothing to answer, nothing half read, and a reader."""
    cycle = connection.cycle
    if cycle is None:
        return bool(connection.scope is None)
    over = cycle.response_complete and not cycle.more_body and cycle.keep_alive
    return bool(over and connection.scope is cycle.scope and not connection.flow.write_paused)


def _plain(data: bytes) -> bool:
    """Whether `data` is one whole question, as nearly all are."""
    if not data.startswith(_LINE):
        return False
    end = data.find(_END)
    head = data[:end].lower()
    length = _LENGTH.search(head)
    whole = end > 0 and length is not None and len(data) == end + len(_END) + int(length[1])
    return whole and not any(words in head for words in _ANOTHER_WAY)


def _refuse(connection: Any) -> None:
    said = [*connection.server_state.default_headers, (b"x-request-id", identity())]
    connection.transport.write(_BEGIN + b"".join(b"%b: %b\r\n" % header for header in said) + b"\r\n" + BUSY.body)
    connection._unset_keepalive_if_required()
    connection.timeout_keep_alive_task = connection.loop.call_later(
        connection.timeout_keep_alive, connection.timeout_keep_alive_handler
    )


_BEGIN = b"HTTP/1.1 429 Too Many Requests\r\n" + b"".join(
    b"%b: %b\r\n" % header for header in (*BUSY.headers, *ANSWER, (b"content-length", str(len(BUSY.body)).encode()))
)
