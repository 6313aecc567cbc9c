"""How a command of ours starts: its logs, its life bound to its parent's, its errors in one line."""

import errno
import logging
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from components.config.errors import Interrupted, JourneymanError
from components.ledger.measure import metered
from components.system.processes import die_with_parent

_INTERRUPTED = 128 + signal.SIGINT
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What an error says of a disk that is full, or full for this user."""

logger = logging.getLogger(__name__)


def run(command: Callable[[str], None]) -> NoReturn:
    """Run `command` with the one argument of the command line, a workload's name, and exit.

    Exit status: 0 done, 1 a `JourneymanError` (printed as one line), 2 wrong usage, 130 interrupted.
    """
    if len(sys.argv) != 2:
        print(f"usage: python -m {_module_of(command)} WORKLOAD", file=sys.stderr)
        sys.exit(2)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    die_with_parent(signal.SIGTERM)  # not SIGKILL: a training tells its run how it ended
    try:
        with metered(sys.argv[1], command.__name__, whole=True):
            command(sys.argv[1])
    except Interrupted as error:
        print(f"\n{error}", file=sys.stderr)  # below the progress bar
        sys.exit(_INTERRUPTED)
    except JourneymanError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno not in FULL:
            raise
        print(f"error: {error.filename or 'a file'}: {error.strerror}; make room, then run it again", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    sys.exit(0)


def _module_of(command: Callable[[str], None]) -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name if spec else command.__module__
