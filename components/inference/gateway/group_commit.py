"""Group commit: many who wait for the disk wait for one flush (Helland et al. 1987, "Group commit timers")."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class GroupCommit:
    """Has what was written flushed, in a thread; what comes while it is at it waits for the next go.

    Lives in one event loop.
    """

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._thread = ThreadPoolExecutor(1, "flush")
        self._waiting: list[asyncio.Future[None]] = []
        self._busy = False

    def flushed(self) -> "asyncio.Future[None]":
        """Return what is done when all that has been written before this call is on the disk; else it has the error."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append(future)
        if not self._busy:
            self._begin(loop)
        return future

    def close(self) -> None:
        """Wait for the flush that is under way, and let the thread go."""
        self._thread.shutdown()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._busy = True
        waiting, self._waiting = self._waiting, []
        done = self._thread.submit(self._flush)
        done.add_done_callback(lambda done: loop.is_closed() or loop.call_soon_threadsafe(self._ended, waiting, done))

    def _ended(self, waiting: "list[asyncio.Future[None]]", done: "Future[None]") -> None:
        self._busy = False
        error = done.exception()
        for future in waiting:
            if future.done():
                continue
            if error:
                future.set_exception(error)
            else:
                future.set_result(None)
        if self._waiting:
            self._begin(asyncio.get_running_loop())
