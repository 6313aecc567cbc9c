"""What the endpoint uses of uvicorn's connections that its documentation does not name.

Without it the endpoint answers all the same: under overload a refusal costs as much as a request, and a request that
asks for another protocol loses its body.
"""

import sys
from collections.abc import Callable, Sequence
from dis import get_instructions
from importlib.metadata import version
from types import FunctionType
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

USED: dict[type, tuple[str, ...]] = {
    HttpToolsProtocol: (
        "_get_upgrade", "_should_upgrade", "_unset_keepalive_if_required", "cycle", "data_received", "flow",
        "handle_websocket_upgrade", "headers", "loop", "parser", "scope", "server_state", "tasks",
        "timeout_keep_alive", "timeout_keep_alive_handler", "timeout_keep_alive_task", "transport", "url",
    ),
    RequestResponseCycle: ("keep_alive", "more_body", "response_complete", "scope"),
}  # fmt: skip
"""The names that are used, by class."""

Connection = Any
"""An `HttpToolsProtocol`."""
Received = Callable[[Connection, bytes], None]

_LEFT_OUT = (b"upgrade", b"http2-settings")


def missing() -> list[str]:
    """Return what `USED` names and the installed uvicorn does not have: methods, and attributes that they set."""
    known = {owner: {*dir(owner), *_set_by_methods(owner)} for owner in USED}
    return [f"{owner.__name__}.{name}" for owner, names in USED.items() for name in names if name not in known[owner]]


def _set_by_methods(owner: type) -> set[str]:
    methods = [value for value in vars(owner).values() if isinstance(value, FunctionType)]
    steps = [step for method in methods for step in get_instructions(method)]
    return {str(step.argval) for step in steps if step.opname == "STORE_ATTR"}


def wrap_data_received(wrap: Callable[[Received], Received]) -> None:
    """Have the connections of this process receive data by what `wrap` makes of their usual way.

    Raises:
        RuntimeError: uvicorn is another one than this was written for.
    """
    _check()
    HttpToolsProtocol.data_received = wrap(HttpToolsProtocol.data_received)  # type: ignore[method-assign,assignment]


def tasks_at_work(connection: Connection) -> int:
    """Return how many requests this process is answering."""
    return len(connection.tasks)


def is_idle(connection: Connection) -> bool:
    """Whether a connection has nothing to answer, nothing half read, and a reader."""
    cycle = connection.cycle
    if cycle is None:
        return bool(connection.scope is None)
    over = cycle.response_complete and not cycle.more_body and cycle.keep_alive
    return bool(over and connection.scope is cycle.scope and not connection.flow.write_paused)


def write(connection: Connection, answer: bytes) -> None:
    """Write a whole answer to an idle connection, and keep it open for as long as after any other answer."""
    connection.transport.write(answer)
    idle, loop = connection.timeout_keep_alive_task, connection.loop
    if idle is None or idle.when() - loop.time() < connection.timeout_keep_alive / 2:
        connection._unset_keepalive_if_required()
        connection.timeout_keep_alive_task = loop.call_later(
            connection.timeout_keep_alive, connection.timeout_keep_alive_handler
        )


def default_headers(connection: Connection) -> Sequence[tuple[bytes, bytes]]:
    """Return what every answer of uvicorn says, which is a new list each second."""
    headers: Sequence[tuple[bytes, bytes]] = connection.server_state.default_headers
    return headers


def ignore_upgrades() -> None:
    """Have the connections of this process answer every request in HTTP/1.1, as RFC 9110 (7.8) lets a server do.

    `Upgrade: h2c` is what Java's HttpClient, Spring and `curl --http2` send with the first request of a connection. Its
    parser takes what follows the head of such a request for the other protocol, and uvicorn drops it: the body is lost,
    and the request answered without. Here the head is read once more without the header `Upgrade`, and all goes on as
    usual.

    Raises:
        RuntimeError: uvicorn is another one than this was written for.
    """
    if getattr(HttpToolsProtocol, "handle_websocket_upgrade", None) is _put_back:
        return

    def wrap(usual: Received) -> Received:
        def data_received(connection: Connection, data: bytes) -> None:
            connection.unread = data
            usual(connection, data)
            while connection.unread is not data:  # a request was put back
                data = connection.unread
                usual(connection, data)
            connection.unread = None

        return data_received

    wrap_data_received(wrap)
    protocol: Any = HttpToolsProtocol
    protocol._should_upgrade = lambda connection: connection._get_upgrade() is not None  # so that nothing is begun yet
    protocol.handle_websocket_upgrade = _put_back


def _put_back(connection: Connection) -> None:
    """Begin anew with the request whose head has been read: without what asks for another protocol.

    uvicorn calls this where it handles `HttpParserUpgrade`, which says how much of the data was the head's.
    """
    upgrade = sys.exception()
    assert isinstance(upgrade, httptools.HttpParserUpgrade)
    http_version = connection.parser.get_http_version().encode()
    head = [connection.scope["method"].encode(), b" ", connection.url, b" HTTP/", http_version, b"\r\n"]
    for name, value in connection.headers:
        if name not in _LEFT_OUT:
            head += [name, b": ", value, b"\r\n"]
    connection.parser = httptools.HttpRequestParser(connection)
    connection.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
    connection.unread = b"".join([*head, b"\r\n", connection.unread[upgrade.args[0] :]])


def _check() -> None:
    if lost := missing():
        raise RuntimeError(f"uvicorn {version('uvicorn')} has no {lost[0]} any more: mend {__name__}")
