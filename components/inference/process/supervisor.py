"""What BentoML's supervisor does for its workers: it looks after them when one ends, not only every ten seconds.

Only the process that starts the workers imports this.
"""

import signal
import time
from collections import deque
from typing import Any

from components.internals.circus import (
    Arbiter,
    ConflictError,
    close_sockets,
    is_stopping,
    reap_and_start,
    use_arbiter,
)

_AT_ONCE = 3  # workers that are replaced at once
_WITHIN = 30.0  # seconds; whoever ends more often is broken, and has to wait for the look that BentoML takes
_AGAIN = 0.02  # seconds until an order to stop is given again that came while a worker was being replaced
_LAST_CALL = 0.5  # seconds from the order to stop until nobody can connect; the workers stop taking within 0.1


def look_after_workers() -> None:
    """Have the supervisor that BentoML makes next replace a worker that ends, and take nobody in when it stops."""
    use_arbiter(Supervisor)


class Supervisor(Arbiter):
    """BentoML's own, but quicker."""

    def start(self, cb: Any = None) -> None:
        """Start, and listen for workers that end."""
        self._replaced: deque[float] = deque([float("-inf")] * _AT_ONCE, _AT_ONCE)
        for watcher in self.watchers:
            watcher.respawn = True  # in containers too, which BentoML would leave with one worker less
        signal.signal(signal.SIGCHLD, self._someone_ended)
        super().start(cb)

    def stop(self) -> Any:
        """Stop when all requests are answered; take no more connections from now on.

        Circus forgets the order where a worker is just being replaced.
        """
        try:
            stopped = super().stop()
        except ConflictError:
            if not is_stopping(self):
                self.loop.call_later(_AGAIN, self.stop)
            return None
        self.loop.call_later(_LAST_CALL, close_sockets, self)
        return stopped

    def _someone_ended(self, *_: object) -> None:
        self.loop.add_callback_from_signal(self._look)

    def _look(self) -> None:
        """Reap who has ended and start another worker, unless that has happened often of late."""
        if is_stopping(self):
            return
        now = time.monotonic()
        if now - self._replaced[0] < _WITHIN:
            return
        self._replaced.append(now)
        try:
            reap_and_start(self)
        except ConflictError:
            self.loop.call_later(1.0, self._look)
