"""Reading the rows of many requests in one go, in one thread, where that is much faster than one by one.

Nobody waits for company: what has come while the thread was busy goes together.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from components.config.errors import BadRequest

if TYPE_CHECKING:
    from components.kinds.contract import Row

Rows = Sequence["Row"]
Read = Callable[[Rows], NDArray[Any]]
Found = NDArray[Any] | Exception
_Asked = tuple[Rows, "asyncio.Future[NDArray[Any]]"]

_MOST = 64  # rows of one go, so that nobody waits long for others


class BatchedReader:
    """Gathers what is to be read. Lives in one event loop."""

    def __init__(self, read: Read, begun: Callable[["Future[Any]"], None]) -> None:
        """Read by `read`, which takes many rows, and none of them if it raises `BadRequest`.

        `begun` is told of each go; it is done when the thread is through with it.
        """
        self._read = read
        self._begun = begun
        self._thread = ThreadPoolExecutor(1, "reader")
        self._queue: deque[_Asked] = deque()
        self._busy = False

    async def read(self, rows: Rows) -> NDArray[Any]:
        """Return what `rows` are read as, `[N, ...]`. Cancelled, they are not read, unless they are just being read.

        Raises:
            Exception: what reading these rows raises.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[NDArray[Any]] = loop.create_future()
        self._queue.append((rows, future))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._next)
        return await future

    def shutdown(self, wait: bool) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait)

    def _next(self) -> None:
        taken, room = list[_Asked](), _MOST
        while self._queue and (not taken or len(self._queue[0][0]) <= room):
            rows, future = self._queue.popleft()
            if not future.done():
                taken.append((rows, future))
                room -= len(rows)
        self._busy = bool(taken)
        if taken:
            loop = asyncio.get_running_loop()
            done = self._thread.submit(_read_all, self._read, [rows for rows, _ in taken])
            self._begun(done)
            done.add_done_callback(lambda done: loop.is_closed() or loop.call_soon_threadsafe(self._done, taken, done))

    def _done(self, taken: list[_Asked], done: "Future[list[Found]]") -> None:
        for (_, future), found in zip(taken, done.result(), strict=True):
            if future.done():
                continue
            if isinstance(found, Exception):
                future.set_exception(found)
            else:
                future.set_result(found)
        self._next()


def _read_all(read: Read, asked: list[Rows]) -> list[Found]:
    """Read all at once; one by one where somebody's rows cannot be read, so that it is his trouble alone."""
    try:
        examples = read([row for rows in asked for row in rows])
    except BadRequest as error:
        return [error] if len(asked) == 1 else [found for rows in asked for found in _read_all(read, [rows])]
    except Exception as error:  # handed on to those who wait
        return [error] * len(asked)
    parts, start = list[Found](), 0
    for rows in asked:
        parts.append(examples[start : start + len(rows)])
        start += len(rows)
    return parts
