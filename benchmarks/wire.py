"""HTTP/1.1 for a load generator: requests made beforehand, answers read as bytes, some tens of microseconds each."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_BOUNDARY = b"a-line-between-two-parts"


def post(body: bytes, media: str, path: str = "/predict") -> bytes:
    """Return a whole request."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def post_form(body: bytes, field: str, path: str = "/predict") -> bytes:
    """Return a whole request that uploads a PNG as `field` of a form."""
    head = f'Content-Disposition: form-data; name="{field}"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    form = b"--%b\r\n%b%b\r\n--%b--\r\n" % (_BOUNDARY, head.encode(), body, _BOUNDARY)
    return post(form, f"multipart/form-data; boundary={_BOUNDARY.decode()}", path)


class Connection(asyncio.Protocol):
    """A connection that is kept; it asks one thing at a time."""

    def __init__(
        self, answered: "Callable[[Connection, Any, int, bytes], None]", lost: "Callable[[Connection, Any], None]"
    ) -> None:
        """Tell `answered(self, about, status, body)` and, when it is closed, `lost(self, about)`; see `ask`."""
        self._answered, self._lost = answered, lost
        self._about: Any = None
        self._buffer = b""
        self.closing = False
        """Whether the server wants no more of it."""

    def ask(self, request: bytes, about: Any) -> None:
        """Send a request; `about`, not None, comes back with its answer."""
        self._about = about
        self._transport.write(request)

    def close(self) -> None:
        """Let go of it."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready (asyncio's hook)."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        """Read on; an answer is told of when it is whole (asyncio's hook)."""
        self._buffer = buffer = self._buffer + data if self._buffer else data
        head = buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(buffer, 0, head)
        if length is None:
            raise ValueError(f"an answer without a length: {buffer[:head]!r}")
        if len(buffer) >= head + 4 + int(length[1]):
            about, self._about, self._buffer = self._about, None, b""
            if _CLOSE.search(buffer, 0, head):
                self.closing = True
                self.close()
            self._answered(self, about, int(buffer[9:12]), buffer[head + 4 :])

    def connection_lost(self, error: Exception | None) -> None:
        """Tell that it is closed (asyncio's hook)."""
        self._lost(self, self._about)
