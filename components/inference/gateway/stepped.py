"""How much of the event loop's processor one request takes: its coroutine, timed step by step."""

import time
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any


class Stepped:
    """Awaits a coroutine, and tells how many CPU seconds its steps took; what waits in between is not its own."""

    __slots__ = ("_coroutine", "_seconds", "_told")

    def __init__(self, coroutine: Coroutine[Any, Any, None], told: Callable[[float], None]) -> None:
        self._coroutine, self._told, self._seconds = coroutine, told, 0.0

    def __await__(self) -> Generator[Any, Any, None]:
        """Run it as if it were awaited itself: what it waits for, and what is thrown at it, goes through."""
        go_on = step = partial(self._coroutine.send, None)
        try:
            while True:
                try:
                    waited_for = self._timed(step)
                except StopIteration:
                    return
                try:
                    yield waited_for
                    step = go_on
                except BaseException as error:  # a cancellation is the coroutine's to handle
                    step = partial(self._coroutine.throw, error)
        finally:
            self._told(self._seconds)

    def _timed(self, step: Callable[[], Any]) -> Any:
        began = time.thread_time()
        try:
            return step()
        finally:
            self._seconds += time.thread_time() - began
