"""The calls in hand: how many there may be, how many bytes of bodies, and which of them are late, or for nobody.

One look at all of them, twenty times within a deadline, costs less than a timer for each and somebody who listens for
its sender's leaving: most are answered before the first look.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, cast

from components.inference.gateway.call import Call

_LOOKS = 20  # within a deadline
_AT_MOST = 0.1  # seconds between two looks


@dataclass(slots=True)
class _Held:
    """A call in hand."""

    task: "asyncio.Task[Any]"
    """What works on it."""
    size: int
    listening: "asyncio.Task[None] | None" = None
    """What waits for its sender to leave."""


class Watch:
    """Holds the calls in hand. Lives in one event loop."""

    def __init__(self, room: int, memory: int, limit: int) -> None:
        """Make room for `room` calls with `memory` bytes of bodies, of which each has `limit` at most."""
        self._room = room
        self._memory = memory
        self._limit = limit
        self._sizes = 0
        self._held: dict[Call, _Held] = {}
        self._looking = False

    def __len__(self) -> int:
        """How many calls are in hand."""
        return len(self._held)

    def admit(self, call: Call) -> bool:
        """Take the call in hand; False: there is no room. A single call is always taken."""
        size = self._size(call)
        if self._held and (len(self._held) >= self._room or self._sizes + size > self._memory):
            return False
        self._sizes += size
        self._held[call] = _Held(cast("asyncio.Task[Any]", asyncio.current_task()), size)
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(self._pause(call), self._look)
        return True

    def release(self, call: Call) -> None:
        """Let the call go: its answer is known."""
        held = self._held.pop(call)
        self._sizes -= held.size
        if held.listening:
            held.listening.cancel()

    def _size(self, call: Call) -> int:
        """Return the most bytes that its body may have."""
        declared = call.headers.get(b"content-length", b"")
        if declared.isdigit():
            return min(int(declared), self._limit)
        return self._limit if b"transfer-encoding" in call.headers else 0

    def _look(self) -> None:
        """Cancel who is late, listen for the others' leaving; look again, as long as there is anybody."""
        now, pause = time.monotonic(), _AT_MOST
        for call, held in self._held.items():
            if call.deadline <= now:
                _give_up(call, held.task, "late")
            elif call.whole and not held.listening:
                held.listening = asyncio.ensure_future(_listen(call, held.task))
            pause = min(pause, self._pause(call))
        self._looking = bool(self._held)
        if self._looking:
            asyncio.get_running_loop().call_later(pause, self._look)

    @staticmethod
    def _pause(call: Call) -> float:
        return min(_AT_MOST, (call.deadline - call.began) / _LOOKS)


async def _listen(call: Call, task: "asyncio.Task[Any]") -> None:
    await call.receive()  # of a whole body, nothing comes any more but its sender's leaving
    _give_up(call, task, "gone")


def _give_up(call: Call, task: "asyncio.Task[Any]", why: str) -> None:
    if not call.given_up:
        call.given_up = why
        task.cancel()
