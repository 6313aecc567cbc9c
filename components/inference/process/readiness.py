"""What workers tell their supervisor. BentoML's starts a worker that ends again and again, whatever it ended of.

Here the first workers that cannot start end the endpoint, with one line that says why, and status 1. Once one of them
has got ready, a worker is started again as often as it takes: others are at work, or what is wrong may be mended.
"""

import atexit
import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from components.config.errors import JourneymanError

logger = logging.getLogger(__name__)

_SUPERVISOR = "JOURNEYMAN_SUPERVISOR"  # its process id, as its workers find it in their environment
_HOPELESS, _READY = signal.SIGUSR1, signal.SIGUSR2


def listen() -> None:
    """Hear what workers tell; for the supervisor, before it starts them."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(_HOPELESS, _give_up)
        signal.signal(_READY, _go_on)
        os.environ[_SUPERVISOR] = str(os.getpid())


def supervisor() -> int | None:
    """Return the process id of the supervisor that has started this worker; None: no supervisor listens."""
    said = os.environ.get(_SUPERVISOR)
    return int(said) if said else None


@contextmanager
def starting() -> Iterator[None]:
    """Tell the supervisor how the block, a worker's start, has ended. Without one that listens, errors are just raised.

    What went wrong on purpose is said in one line, anything else with its trace.
    """
    try:
        yield
    except Exception as error:
        if not _tell(_HOPELESS):
            raise
        logger.error("cannot start: %s", error, exc_info=None if isinstance(error, JourneymanError) else error)
        logging.shutdown()
        os._exit(1)  # BentoML and uvicorn would add two traces of their own
    _tell(_READY)


def _tell(what: signal.Signals) -> bool:
    if os.environ.get(_SUPERVISOR) != str(os.getppid()):
        return False
    os.kill(os.getppid(), what)
    return True


def _give_up(number: int, frame: FrameType | None) -> None:
    atexit.register(os._exit, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _go_on(number: int, frame: FrameType | None) -> None:
    signal.signal(_HOPELESS, signal.SIG_IGN)
