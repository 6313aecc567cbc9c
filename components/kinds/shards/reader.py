"""Shards, mapped into memory and fetched ahead of who reads them, in the order in which they will be read."""

import logging
import threading
import time
from collections.abc import Collection, Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import PublishedError
from components.config.settings import SHARDS
from components.kinds.shards.files import ShardFiles

logger = logging.getLogger(__name__)

_PATIENCE = 10.0  # seconds that a shard may be waited for without a word
_PAUSES = (1.0, 30.0)  # seconds between two tries at an address that cannot be reached: at first, and at most
_NO_ROOM = 0.5  # seconds until the cache is looked at again


class ShardReader:
    """Holds shards that are about to be read; a thread fetches them where they lie elsewhere.

    An address that cannot be reached is asked again and again: who waits says so in one line, and goes on.
    """

    def __init__(self, files: ShardFiles) -> None:
        self.waited = 0.0
        """Seconds in which who reads has waited for shards."""
        self._files = files
        self._held: dict[int, tuple[IO[bytes], NDArray[Any]]] = {}
        self._coming: Sequence[int] = ()
        self._needed: int | None = None
        self._trouble = ""
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def expect(self, coming: Sequence[int]) -> None:
        """Hold these shards, and fetch those that are not here one after the other; let go of the others."""
        with self._changed:
            self._coming = coming
            self._let_go(coming)
            self._changed.notify_all()

    def shard(self, number: int) -> NDArray[Any]:
        """Return the examples of a shard, mapped; it stays until another one is asked for that is not expected.

        Raises:
            DataError: it is not there, or has other bytes than the index says.
            ConfigError: the address is not for these credentials.
        """
        with self._changed:
            self._needed = number
            self._let_go((*self._coming, number))
            if number not in self._held:
                self._wait_for(number) if self._files.elsewhere else self._hold(number, self._files.open(number, True))
            return self._held[number][1]

    def close(self) -> None:
        """Let go of everything."""
        with self._changed:
            self._closed = True
            self._let_go(())
            self._changed.notify_all()

    def _let_go(self, but: Collection[int]) -> None:
        for number in self._held.keys() - set(but):
            self._held.pop(number)[0].close()

    def _hold(self, number: int, file: IO[bytes] | None) -> None:
        assert file is not None
        try:
            self._held[number] = file, np.load(file.name, mmap_mode="r")
        except OSError:
            file.close()
            raise

    def _wait_for(self, number: int) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._fetch, name="shards", daemon=True)
            self._thread.start()
        self._changed.notify_all()
        began, told = time.monotonic(), False
        while number not in self._held:
            if self._error is not None:
                raise self._error
            self._changed.wait(_PATIENCE)
            late = time.monotonic() - began >= _PATIENCE
            if not told and number not in self._held and (self._trouble or late):
                logger.warning("%s: waiting for a shard: %s", SHARDS, self._trouble or f"{self._files.address} is slow")
                told = True
        waited = time.monotonic() - began
        self.waited += waited
        if told:
            logger.info("%s: going on after %.0f s", SHARDS, waited)

    def _fetch(self) -> None:
        """Fetch what is needed and what is to come, until nobody is left who reads."""
        pause = _PAUSES[0]
        while (number := self._next()) is not None:
            try:
                file = self._files.open(number, number == self._needed)
                if file:
                    self._take(number, file)
                else:
                    self._wait_for_room()
            except (PublishedError, FileNotFoundError) as error:  # the latter where the cache is cleared away
                self._rest(pause, str(error))
                pause = min(2 * pause, _PAUSES[1])
                continue
            except BaseException as error:
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
                return
            pause = _PAUSES[0]

    def _next(self) -> int | None:
        """Wait until a shard is to be fetched, and return which; None: nobody reads any more."""
        with self._changed:
            while not self._closed:
                wanted = [self._needed, *self._coming]
                for number in wanted:
                    if number is not None and number not in self._held:
                        return number
                self._changed.wait()
            return None

    def _take(self, number: int, file: IO[bytes]) -> None:
        with self._changed:
            self._trouble = ""
            if self._closed or number not in (self._needed, *self._coming):
                file.close()
                return
            self._hold(number, file)
            self._changed.notify_all()

    def _wait_for_room(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._needed not in self._held, _NO_ROOM)

    def _rest(self, seconds: float, trouble: str) -> None:
        with self._changed:
            self._trouble = trouble
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed, seconds)
