"""The time by which the loop decides and its log is written: the machine's, or one that runs ahead of it.

`JOURNEYMAN_CLOCK` names a file with the seconds by which it is ahead. Whoever plays days faster than they pass (`make
demo`) writes it; every process that has the variable is that much ahead at once. Left out, the time is the machine's.
What is measured or waited for goes by the machine's clock in any case.
"""

import os
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from components.config.errors import ConfigError
from components.config.settings import CLOCK


def now_us() -> int:
    """Return microseconds since 1970."""
    return time_ns() // 1_000


def now() -> datetime:
    """Return the moment, in UTC."""
    return datetime.fromtimestamp(now_us() / 1e6, UTC)


def time_ns() -> int:
    """Return nanoseconds since 1970.

    Raises:
        ConfigError: the file of `JOURNEYMAN_CLOCK` says no number.
    """
    file = _file()
    return time.time_ns() if file is None else time.time_ns() + _ahead_ns(file)


@cache
def _file() -> Path | None:
    said = os.environ.get(CLOCK)
    return Path(said) if said else None


def _ahead_ns(file: Path) -> int:
    try:
        return round(float(file.read_text()) * 1e9)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{CLOCK}={file}: it has to say the seconds that the clock is ahead ({error})") from error
