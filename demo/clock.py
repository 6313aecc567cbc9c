"""The clock that the project under the story goes by, which the story sets forward."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from components.system.files import write_content

DAY = timedelta(days=1)


class Clock:
    """Days that pass when they are told to. The first one begins at the midnight (UTC) that comes next."""

    def __init__(self, file: Path) -> None:
        """Begin with the machine's time; `file` is that of `JOURNEYMAN_CLOCK`."""
        self.file = file
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.first = today + DAY
        self._ahead = 0.0
        self._lock = threading.Lock()
        write_content(file, "0")

    def set(self, day: float) -> None:
        """Have it be so many days after the first midnight, or leave it as it is where that has gone by."""
        ahead = (self.first + day * DAY).timestamp() - time.time()
        with self._lock:
            self._ahead = max(self._ahead, ahead)
            write_content(self.file, f"{self._ahead:.6f}")
