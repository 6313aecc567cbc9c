"""A server of pages for whoever sits at this machine: at 127.0.0.1 alone, for requests that name it.

A page of another address can neither read what is shown, for its requests name another host or are of another origin,
nor have anything done: what does something is a POST of JSON, which no form sends and no browser lets it send.
"""

import json
from collections.abc import Callable, Collection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from components.config.errors import BadRequest, EndpointError, JourneymanError

HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; media-src data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_MOST = 2**16  # bytes of a body

File = tuple[bytes, str]
"""Content and media type."""
Show = Callable[[str], File | None]
"""Path of a GET -> what is there; None: nothing."""
Reply = Callable[[str, bytes], dict[str, Any]]
"""Path and body of a POST -> what is answered."""


def loopback_server(port: int, show: Show, paths: Collection[str], reply: Reply) -> ThreadingHTTPServer:
    """Return the server.

    Args:
        port: 0: any.
        show: what is read; a `JourneymanError` is answered as 503.
        paths: of what can be done.
        reply: does it; a `BadRequest` is answered as 422, another `JourneymanError` as 503.

    Raises:
        EndpointError: the port is taken.
    """
    try:
        return _Server(port, show, paths, reply)
    except OSError as error:
        raise EndpointError(f"port {port} cannot be had ({error.strerror}): name another one by --port") from error


class _Server(ThreadingHTTPServer):
    def __init__(self, port: int, show: Show, paths: Collection[str], reply: Reply) -> None:
        self.show, self.paths, self.reply = show, paths, reply
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        if not self._is_meant():
            return
        try:
            found = self.server.show(self.path)
        except JourneymanError as error:
            self._refuse(503, str(error))
            return
        if found is None:
            self._send(404, b'{"error": "there is no such page"}', "application/json")
        else:
            self._send(200, *found)

    def do_POST(self) -> None:
        if not self._is_meant():
            return
        length = self.headers.get("content-length", "")
        known = self.path in self.server.paths
        if not known or self.headers.get_content_type() != "application/json" or not length.isdigit():
            self._refuse(404, "there is no such operation")
            return
        if int(length) > _MOST:
            self._refuse(413, "that is too much")
            return
        try:
            found = self.server.reply(self.path, self.rfile.read(int(length)))
        except BadRequest as error:
            self._refuse(422, str(error))
        except JourneymanError as error:
            self._refuse(503, str(error))
        else:
            self._send(200, json.dumps(found).encode(), "application/json")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests."""

    def _is_meant(self) -> bool:
        """Whether the request names this machine, and comes from its own page where a page sends it."""
        host = self.headers.get("host", "")
        its_own = self.headers.get("origin", f"http://{host}") == f"http://{host}"
        if its_own and host.rpartition(":")[0] in ("127.0.0.1", "localhost"):
            return True
        self._refuse(403, "this page is for this machine alone")
        return False

    def _refuse(self, status: int, reason: str) -> None:
        self.close_connection = True
        self._send(status, json.dumps({"error": reason}).encode(), "application/json")

    def _send(self, status: int, body: bytes, media: str) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "content-type": media, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
