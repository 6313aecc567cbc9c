"""A heartbeat: who shares a server with a process, and cannot see its lock, tells by it whether the process lives."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context

from components.config.passwords import without_password

logger = logging.getLogger(__name__)

EVERY = 30.0
"""Seconds between two beats: each costs the server a write."""
SILENT = 600.0
"""Seconds without a beat after which a process is taken to be gone, whatever the clocks differ by."""
_LEAVE = 5.0  # seconds that the end of the block waits for a beat that is under way


@contextmanager
def beating(beat: Callable[[], object], server: str) -> Iterator[None]:
    """Call `beat` every half minute, in a thread, for as long as the block runs, or until it returns False.

    A server that is away for a while ends nothing: that is said once, with `server` as what it is called.
    """
    ended = threading.Event()
    words = copy_context()  # Prefect keeps in it which run this is
    thread = threading.Thread(target=words.run, args=(_beat, beat, server, ended), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_LEAVE)


def is_silent(last: float) -> bool:
    """Whether a process whose last beat was `last` (seconds since 1970) is taken to be gone."""
    return time.time() - last > SILENT


def _beat(beat: Callable[[], object], server: str, ended: threading.Event) -> None:
    heard = True
    while not ended.wait(EVERY):
        try:
            if beat() is False:
                return
            heard = True
        except Exception as error:
            if heard:
                logger.warning("%s does not hear this run's heartbeat: %s", server, without_password(str(error)))
            heard = False
