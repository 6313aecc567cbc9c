"""Requests that ask for another protocol are answered in this one, as RFC 9110 (7.8) lets a server do.

`Upgrade: h2c` is what Java's HttpClient, Spring and `curl --http2` send with the first request of a connection. Its
parser takes what follows the head of such a request for the other protocol, and uvicorn drops it: the body is lost, and
the request answered without. Here the head is read once more without the header `Upgrade`, and all goes on as usual.
"""

import sys
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_LEFT_OUT = (b"upgrade", b"http2-settings")
_PATCHED = ("_get_upgrade", "_should_upgrade", "data_received", "handle_websocket_upgrade")


def ignore_upgrades() -> None:
    """Have the connections of this process answer every request in HTTP/1.1.

    Raises:
        RuntimeError: uvicorn is another one than this was written for.
    """
    if getattr(HttpToolsProtocol, "handle_websocket_upgrade", None) is _put_back:
        return
    missing = [name for name in _PATCHED if not hasattr(HttpToolsProtocol, name)]
    if missing:
        raise RuntimeError(f"uvicorn's HttpToolsProtocol has no {missing[0]} any more: mend {__name__}")
    usual = HttpToolsProtocol.data_received

    def data_received(connection: Any, data: bytes) -> None:
        connection.unread = data
        usual(connection, data)
        while connection.unread is not data:  # a request was put back
            data = connection.unread
            usual(connection, data)
        connection.unread = None

    protocol: Any = HttpToolsProtocol
    protocol.data_received = data_received
    protocol._should_upgrade = lambda connection: connection._get_upgrade() is not None  # so that nothing is begun yet
    protocol.handle_websocket_upgrade = _put_back


def _put_back(connection: Any) -> None:
    """Begin anew with the request whose head has been read: without what asks for another protocol.

    uvicorn calls this where it handles `HttpParserUpgrade`, which says how much of the data was the head's.
    """
    upgrade = sys.exception()
    assert isinstance(upgrade, httptools.HttpParserUpgrade)
    version = connection.parser.get_http_version().encode()
    head = [connection.scope["method"].encode(), b" ", connection.url, b" HTTP/", version, b"\r\n"]
    for name, value in connection.headers:
        if name not in _LEFT_OUT:
            head += [name, b": ", value, b"\r\n"]
    connection.parser = httptools.HttpRequestParser(connection)
    connection.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
    connection.unread = b"".join([*head, b"\r\n", connection.unread[upgrade.args[0] :]])
