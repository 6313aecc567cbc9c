"""What the endpoint's supervisor uses of circus, and of BentoML's use of it, that no documentation names.

Only the process that starts the workers imports this.
"""

from socket import SHUT_RDWR
from typing import Any

from bentoml._internal.utils import circus
from bentoml._internal.utils.circus import Arbiter
from circus.exc import ConflictError

__all__ = ["Arbiter", "ConflictError", "close_sockets", "is_stopping", "reap_and_start", "use_arbiter"]


def use_arbiter(arbiter: type[Arbiter]) -> None:
    """Have BentoML make its supervisor of this class."""
    circus.Arbiter = arbiter


def is_stopping(arbiter: Arbiter) -> bool:
    """Whether workers that end are to end."""
    return bool(arbiter._stopping or all(watcher.is_stopped() for watcher in arbiter.watchers))


def reap_and_start(arbiter: Arbiter) -> None:
    """Reap the workers that have ended and start others; circus does so every ten seconds.

    Raises:
        ConflictError: it is just doing that.
    """
    arbiter.manage_watchers()


def close_sockets(arbiter: Arbiter) -> None:
    """Take no more connections; circus closes its sockets only when the last worker has ended."""
    sockets: dict[str, Any] = arbiter.sockets
    for socket in sockets.values():
        socket.shutdown(SHUT_RDWR)
