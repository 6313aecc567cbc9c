"""Follow the champion: watch the pointer, and when it moves, fetch, verify, open and warm up what it names, then swap.

Whatever goes wrong on the way is said in one line and counted, and the model at work stays at work.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from components.config.errors import JourneymanError
from components.inference.champion.cache import Champions
from components.inference.champion.published import Pointer
from components.inference.engine.model import Model

logger = logging.getLogger(__name__)

_PATIENCE = 5.0  # seconds that an address has at start to say where its pointer points
_LONGEST = 60.0  # seconds between two tries of what keeps failing


class Follower:
    """One worker's watch on the pointer: a thread beside its event loop, so that a slow address holds nobody up."""

    def __init__(self, champions: Champions, opened: Callable[[Path, str], Model], every: float) -> None:
        """Follow `champions`, looking `every` so many seconds.

        `opened` gives a bundle's directory and version as a model that is ready to answer, or refuses it.
        """
        self.swaps = 0
        self.failures = 0
        self.failed: Callable[[], object] = lambda: None
        """Is called in the follower's thread at each failure (for metrics)."""
        self.also: Callable[[], object] = lambda: None
        """Is called in the follower's thread after each look."""
        self._champions, self._opened, self._every = champions, opened, every
        self._at: Pointer | None = None
        self._failed: Pointer | None = None
        self._again = 0.0
        self._pause = every
        self._wait = every
        self._lost = False
        self._said = ""
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def first(self) -> Model | None:
        """Return the champion to start with, else the one last at work on this machine, else None; not for long."""
        for pointer in (_soon(self._pointer), self._champions.last()):
            if pointer and (model := self._open(pointer.at(None))):
                return model
        return None

    def start(self, swap: Callable[[Model], None], loop: asyncio.AbstractEventLoop) -> None:
        """Look at the pointer from now on; `swap` is called in `loop` with each model that is to take over."""

        def hand_over(model: Model) -> None:
            loop.call_soon_threadsafe(swap, model)

        self._thread = threading.Thread(target=self._run, args=(hand_over,), name="follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread:
            self._thread.join(_PATIENCE)

    def look(self, swap: Callable[[Model], None]) -> None:
        """Look once, and swap if the pointer has moved."""
        pointer = self._pointer()
        if pointer is None:
            return
        pointer = pointer.at(None)  # another entry that leads to the same bundle changes nothing here
        if pointer == self._at:
            self._failed, self._said = None, ""  # a move that failed was taken back; another one is news
            return
        if pointer == self._failed and time.monotonic() < self._again:
            return
        if model := self._open(pointer):
            swap(model)
            self.swaps += 1

    def _run(self, swap: Callable[[Model], None]) -> None:
        while not self._ended.wait(self._wait):
            self.look(swap)
            self.also()

    def _pointer(self) -> Pointer | None:
        """Return where the pointer points; None: it cannot be read, or there is none."""
        try:
            pointer = self._champions.pointer()
        except JourneymanError as error:
            self._wait = min(2 * self._wait, _LONGEST)
            self._lose(str(error))
            return None
        self._wait = self._every
        if pointer is None and self._at:
            self._lose(f"{self._champions.address} has no champion any more")
        elif pointer and self._lost:
            self._lost = False
            logger.info("%s: the champion at %s is found again", self._champions.workload, self._champions.address)
        return pointer

    def _lose(self, why: str) -> None:
        """Count a look that found no pointer; log the first since it was last found, whatever the later ones say."""
        self._count()
        if not self._lost:
            logger.error("%s", self._line(why))
        self._lost = True

    def _open(self, pointer: Pointer) -> Model | None:
        """Return the pointer's bundle, ready to answer; None if it is not to be had, which is tried again later."""
        try:
            model = self._opened(self._champions.bundle(pointer), pointer.version)
            self._champions.remember(pointer)
        except Exception as error:  # a file system's, ONNX Runtime's, a lack of memory: none may end what works
            self._put_off(pointer, error)
            return None
        logger.info("%s: version %s is at work, bundle %s", pointer.workload, pointer.version, pointer.bundle[:8])
        self._at, self._failed, self._said = pointer, None, ""
        return model

    def _put_off(self, pointer: Pointer, error: Exception) -> None:
        """Try the same pointer again after a pause, twice as long as the last; another one at once."""
        self._pause = self._every if pointer != self._failed else min(2 * self._pause, _LONGEST)
        self._failed, self._again = pointer, time.monotonic() + self._pause
        reason = str(error) if isinstance(error, JourneymanError) else f"{type(error).__name__}: {error}"
        self._say(f"version {pointer.version} is not taken: {reason}")

    def _say(self, what: str) -> None:
        """Count a failure to open a bundle; log it in one line, unless it is the one that was logged last."""
        self._count()
        if (line := self._line(what)) != self._said:
            logger.error("%s", line)
        self._said = line

    def _count(self) -> None:
        self.failures += 1
        self.failed()

    def _line(self, what: str) -> str:
        return " ".join(f"{self._champions.workload}: {what}; what is at work stays at work".split())


def _soon(call: Callable[[], Pointer | None]) -> Pointer | None:
    """Return what `call` returns, None if that takes too long: an address may be down for minutes."""
    found: list[Pointer | None] = [None]
    thread = threading.Thread(target=lambda: found.append(call()), daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    return found[-1]
