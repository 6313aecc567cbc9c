"""What BentoML's supervisor does for its workers: it looks after them when one ends, not only every ten seconds.

Only the process that starts the workers imports this.
"""

import signal
import time
from collections import deque
from socket import SHUT_RDWR
from typing import Any

from bentoml._internal.utils import circus
from circus.exc import ConflictError

_AT_ONCE = 3  # workers that are replaced at once
_WITHIN = 30.0  # seconds; whoever ends more often is broken, and has to wait for the look that BentoML takes
_LAST_CALL = 0.5  # seconds from the order to stop until nobody can connect; the workers stop taking within 0.1


def look_after_workers() -> None:
    """Have the supervisor that BentoML makes next replace a worker that ends, and close the door when it stops."""
    circus.Arbiter = Supervisor


class Supervisor(circus.Arbiter):
    """BentoML's own, but quicker."""

    def start(self, cb: Any = None) -> None:
        """Start, and listen for workers that end."""
        self._replaced: deque[float] = deque([float("-inf")] * _AT_ONCE, _AT_ONCE)
        for watcher in self.watchers:
            watcher.respawn = True  # in containers too, which BentoML would leave with one worker less
        signal.signal(signal.SIGCHLD, self._someone_ended)
        super().start(cb)

    def stop(self) -> Any:
        """Stop when all requests are answered; take no more connections from now on."""
        self.loop.call_later(_LAST_CALL, self._close_door)
        return super().stop()

    def _someone_ended(self, *_: object) -> None:
        self.loop.add_callback_from_signal(self._look)

    def _look(self) -> None:
        """Reap who has ended and start another one, unless that has happened often of late."""
        if self._stopping or all(watcher.is_stopped() for watcher in self.watchers):
            return
        now = time.monotonic()
        if now - self._replaced[0] < _WITHIN:
            return
        self._replaced.append(now)
        try:
            self.manage_watchers()
        except ConflictError:  # it is just doing that
            self.loop.call_later(1.0, self._look)

    def _close_door(self) -> None:
        for socket in self.sockets.values():
            socket.shutdown(SHUT_RDWR)
