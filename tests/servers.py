"""What tests of servers have in common: a free port, and patience."""

import socket
import time
from collections.abc import Callable

import httpx


def free_port() -> int:
    """Return a port of 127.0.0.1 at which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(condition: Callable[[], bool], within: float = 120.0, told: Callable[[], str] = str) -> None:
    """Wait until the condition holds; a server that it asks and that does not answer yet is asked again.

    `told` returns what to show where the condition never comes to hold, such as the server's log.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            if condition():
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, f"it did not come to be within {within:g} s\n{told()}"
        time.sleep(0.05)
