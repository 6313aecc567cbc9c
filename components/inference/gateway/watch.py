"""The calls in hand: how many there may be, and which of them are late.

One look at all of them, twenty times within a deadline, costs less than a timer for each.
"""

import asyncio
import time
from typing import Any

from components.inference.gateway.call import Call

_LOOKS = 20  # within a deadline
_AT_MOST = 0.1  # seconds between two looks


class Watch:
    """Holds the calls in hand. Lives in one event loop."""

    def __init__(self, room: int) -> None:
        """Make room for `room` calls."""
        self._room = room
        self._tasks: dict[Call, asyncio.Task[Any]] = {}
        self._looking = False

    def __len__(self) -> int:
        """How many calls are in hand."""
        return len(self._tasks)

    def admit(self, call: Call) -> bool:
        """Take the call in hand; False: there is no room."""
        if len(self._tasks) >= self._room:
            return False
        self._tasks[call] = asyncio.current_task()  # type: ignore[assignment]
        if not self._looking:
            self._look()
        return True

    def release(self, call: Call) -> None:
        """Let the call go: its answer is known."""
        self._tasks.pop(call, None)

    def _look(self) -> None:
        """Cancel whoever is late; look again, as long as there is anybody."""
        now, pause = time.monotonic(), _AT_MOST
        for call, task in self._tasks.items():
            if call.deadline <= now and not call.late:
                call.late = True
                task.cancel()
            pause = min(pause, (call.deadline - call.began) / _LOOKS)
        self._looking = bool(self._tasks)
        if self._looking:
            asyncio.get_running_loop().call_later(pause, self._look)
