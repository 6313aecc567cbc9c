"""The page that asks for labels, on this machine alone: `make label`."""

import json
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from components.config.errors import BadRequest, EndpointError
from components.labelling.operations import PATHS, Read, asked, carry_out, files, to_log
from components.labelling.questions import Questions
from components.prediction_log.record import Label

HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_MOST = 2**16  # bytes of a body

Log = Callable[[Sequence[Label]], None]
Reply = Callable[[str, bytes], dict[str, Any]]
"""Path and body of a POST -> what is answered."""


def label_server(questions: Questions, who: str, log: Log, read: Read, port: int) -> ThreadingHTTPServer:
    """Return the server, at 127.0.0.1.

    Args:
        questions: that are asked.
        who: is asked.
        log: takes labels into the prediction log.
        read: reads a label.
        port: 0: any.

    Raises:
        EndpointError: the port is taken.
    """
    lock = threading.Lock()

    def reply(path: str, body: bytes) -> dict[str, Any]:
        said = asked(body)
        with lock:  # one thread writes the log
            labels = to_log(questions, path, said, who, read)
            if labels:
                log(labels)
            return carry_out(questions, path, said, who, labels)

    try:
        return _Server(port, reply)
    except OSError as error:
        raise EndpointError(f"port {port} cannot be had ({error.strerror}): name another one by --port") from error


class _Server(ThreadingHTTPServer):
    def __init__(self, port: int, reply: Reply) -> None:
        self.reply = reply
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        path = "/label" if self.path in ("/", "/label/") else self.path
        if not self._is_meant():
            return
        if path not in files():
            self._send(404, b'{"error": "there is no such page"}', "application/json")
            return
        self._send(200, *files()[path])

    def do_POST(self) -> None:
        if not self._is_meant():
            return
        length = self.headers.get("content-length", "")
        if self.path not in PATHS or self.headers.get_content_type() != "application/json" or not length.isdigit():
            self._refuse(404, "there is no such operation")
            return
        if int(length) > _MOST:
            self._refuse(413, "that is too much")
            return
        try:
            found = self.server.reply(self.path, self.rfile.read(int(length)))
        except BadRequest as error:
            self._refuse(422, str(error))
        except EndpointError as error:
            self._refuse(503, str(error))
        else:
            self._send(200, json.dumps(found).encode(), "application/json")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests."""

    def _is_meant(self) -> bool:
        """Whether the request names this machine: a page of another address has no business here."""
        host = self.headers.get("host", "").rpartition(":")[0]
        if host in ("127.0.0.1", "localhost"):
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
