"""Processes that answer rows, one for each core, and a lazy, ordered way through them."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, TypeVar

import components
from components.config.errors import JourneymanError

Item = TypeVar("Item")
Work = Literal["answer", "facts", "model"]

_ROOT = Path(components.__path__[0]).parent
_AHEAD = 2  # items for each process that are read before their turn


class Crew:
    """Running processes of `worker`."""

    def __init__(self, hands: list["_Hand"]) -> None:
        self._hands = len(hands)
        self._threads = ThreadPoolExecutor(len(hands))
        self._idle: SimpleQueue[_Hand] = SimpleQueue()
        for hand in hands:
            self._idle.put(hand)

    def each(self, work: Work, items: Iterable[tuple[Item, Any]]) -> Iterator[tuple[Item, Any]]:
        """Yield (item, what `work` makes of its content) for each (item, content), in order, a few ahead.

        Raises:
            JourneymanError: a process has failed or is gone.
        """
        waiting: deque[tuple[Item, Future[Any]]] = deque()
        for item, content in items:
            waiting.append((item, self._threads.submit(self._do, work, content)))
            if len(waiting) > _AHEAD * self._hands:
                done, result = waiting.popleft()
                yield done, result.result()
        while waiting:
            done, result = waiting.popleft()
            yield done, result.result()

    def close(self) -> None:
        """Take nothing more on."""
        self._threads.shutdown(cancel_futures=True)

    def _do(self, work: Work, content: Any) -> Any:
        hand = self._idle.get()
        try:
            return hand.ask((work, content))
        finally:
            self._idle.put(hand)


@contextmanager
def crew(bundle: Path, count: int) -> Iterator[Crew]:
    """Start `count` processes with the bundle at `bundle`, all ready, and end them behind the block."""
    hands = [_Hand.start(bundle) for _ in range(count)]
    try:
        for hand in hands:
            hand.heard()
        made = Crew(hands)
        try:
            yield made
        finally:
            for hand in hands:
                hand.process.kill()  # whoever waits for one hears it
            made.close()
    finally:
        for hand in hands:
            hand.end()


@dataclass(frozen=True)
class _Hand:
    """One process, and the connection to it."""

    process: "subprocess.Popen[bytes]"
    connection: Connection

    @classmethod
    def start(cls, bundle: Path) -> "_Hand":
        ours, its = Pipe()
        command = [sys.executable, "-m", "components.scoring.worker", str(bundle.resolve()), str(its.fileno())]
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        process = subprocess.Popen(
            command,
            cwd=_ROOT,
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **one_thread},
            start_new_session=True,  # Ctrl-C is for whoever started it
        )
        its.close()
        return cls(process, ours)

    def ask(self, message: Any) -> Any:
        with suppress(OSError):  # it is gone; what it said last may still be heard
            self.connection.send(message)
        return self.heard()

    def heard(self) -> Any:
        try:
            said = self.connection.recv()
        except (EOFError, OSError) as error:
            status = self.process.wait()
            raise JourneymanError(
                f"a process that scores ended with status {status}: -9 is the kernel's where memory was full; "
                "the same command goes on from here"
            ) from error
        if isinstance(said, JourneymanError):
            raise said
        return said

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()
