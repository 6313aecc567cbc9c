"""One worker's way into the log of a workload."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from components.config.errors import EndpointError
from components.prediction_log.maintenance import maintained
from components.prediction_log.record import DAMAGED, Answered, Gap, Label, Labelled, Record, Refused, encode
from components.prediction_log.rewriting import finish_rewriting
from components.prediction_log.segment import SIZE, Segment, begun_us, cut, damaged_tail
from components.system.clock import now_us
from components.system.slots import take_slot

WAL, SLOTS = "wal", "slots"
_WRITERS = 256  # at once, of one workload
_DAY_US = 86_400 * 1_000_000
_PAUSE = 1.0  # seconds from a disk that was full to the next look at it
_HEAD = 64  # bytes of a segment that are not payload, rounded up


class LogError(EndpointError):
    """Nothing can be appended to the log: the disk is full, or the folder is not to be written."""


class Writer:
    """Appends to the log of one workload. One thread uses it, but for `flush`, which another one may call.

    What cannot be appended is counted; as soon as something can be, the log says how many rows are missing.
    """

    def __init__(self, folder: Path, slot: int, lock: int, room: int) -> None:
        self.folder, self.slot = folder, slot
        self.lost = 0
        """Rows that were answered, and could not be appended, since the last gap record."""
        self._lock, self._room, self._day = lock, room, 0
        self._lost_since = self._counted_since = 0
        self._refused: dict[str, int] = {}
        self._segment: Segment | None = None
        self._full: list[Segment] = []
        """Segments that nothing is appended to any more, until `flush` has closed them."""
        self._again = 0.0  # when to look for room again, on the clock of `time.monotonic`

    @classmethod
    def open(cls, folder: Path, room: int = SIZE) -> Self:
        """Take a slot of the log in `folder`, `<log>/<workload>`, which is made if it is not there.

        What a killed worker has left in the slot is cut behind its last whole record; what was damaged there is told.
        Where another process compacts or erases just now, it is left to that.

        Args:
            folder: of the log.
            room: bytes of a segment.

        Raises:
            LogError: the folder cannot be written.
        """
        try:
            for name in (WAL, SLOTS):
                (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            slot, lock = take_slot(folder / SLOTS, _WRITERS)
        except OSError as error:
            raise LogError(f"{folder}: the prediction log cannot be written ({error.strerror})") from error
        try:
            writer = cls(folder, slot, lock, room)
            with maintained(folder) as alone:
                if alone:
                    writer._take_over()
        except OSError as error:
            os.close(lock)
            raise LogError(f"{folder}: the prediction log cannot be written ({error.strerror})") from error
        except LogError:
            os.close(lock)
            raise
        return writer

    def answered(self, record: Answered) -> None:
        """Append what was answered.

        Raises:
            LogError: it is not in the log, and counted as lost.
        """
        self.append_answered(encode(record), len(record.answers), record.time_us)

    def append_answered(self, payload: bytes, rows: int, time_us: int) -> None:
        """Append so many rows that were answered at that time, as `encode_answered` writes them.

        Raises:
            LogError: they are not in the log, and counted as lost.
        """
        try:
            self._append(payload)
        except LogError:
            self._lost_since = self._lost_since or time_us
            self.lost += rows
            raise

    def labelled(self, labels: Sequence[Label]) -> None:
        """Append labels.

        Raises:
            LogError: they are not in the log.
        """
        self.append(Labelled(labels))

    def refused(self, outcome: str) -> None:
        """Count a request that was refused; `tick` appends the counts."""
        self._counted_since = self._counted_since or now_us()
        self._refused[outcome] = self._refused.get(outcome, 0) + 1

    def tick(self) -> None:
        """Append what was counted, and close a segment whose day (UTC) is over; to be called every second or so.

        Where nothing can be appended the counts are kept.
        """
        if self._day != now_us() // _DAY_US:
            self._close_segment()  # so that it can be compacted, and goes when it is too old
        if not self._refused and not self.lost:
            return
        try:
            if self.lost:
                self._append_gap()
            if self._refused:
                self.append(Refused(self._counted_since, now_us(), self._refused))
                self._refused, self._counted_since = {}, 0
        except LogError:
            return

    def flush(self) -> None:
        """Wait until the disk has all that was appended before."""
        segment = None
        while self._full or segment is not self._segment:  # one that gets full meanwhile was appended to before
            segment = self._segment
            while self._full:
                self._full[0].close()
                del self._full[0]
        if segment:
            segment.flush()

    def close(self) -> None:
        """Append what was counted, and let go of the slot."""
        self.tick()
        self._close_segment()
        self.flush()
        os.close(self._lock)

    def append(self, record: Record) -> None:
        """Append a record.

        Raises:
            LogError: it is not in the log.
        """
        self._append(encode(record))

    def _append(self, payload: bytes) -> None:
        if self._segment is None or not self._segment.append(payload):
            self._next_segment(len(payload)).append(payload)
            if self.lost:
                with suppress(LogError):  # the record itself is there
                    self._append_gap()

    def _take_over(self) -> None:
        finish_rewriting(self.folder)
        for left in sorted((self.folder / WAL).glob(f"{self.slot:03d}-*.seg")):  # before `append` makes one more
            with suppress(FileNotFoundError):
                if count := damaged_tail(left):
                    self.append(Gap(begun_us(left), now_us(), count, DAMAGED))
                cut(left)

    def _append_gap(self) -> None:
        gap, self.lost = Gap(self._lost_since, now_us(), self.lost, "the log could not be written"), 0
        try:
            self.append(gap)
        except LogError:
            self.lost = gap.rows
            raise
        self._lost_since = 0

    def _next_segment(self, length: int) -> Segment:
        if time.monotonic() < self._again:
            raise LogError(f"{self.folder}: the prediction log cannot be written")
        try:
            number = _next_number(self._lock)
            path = self.folder / WAL / f"{self.slot:03d}-{number:015d}.seg"
            segment = Segment.create(path, max(self._room, length + _HEAD))
        except OSError as error:
            self._again = time.monotonic() + _PAUSE
            raise LogError(f"{self.folder}: the prediction log cannot be written ({error.strerror})") from error
        self._close_segment()
        self._segment, self._day = segment, now_us() // _DAY_US
        return segment

    def _close_segment(self) -> None:
        if self._segment:
            self._full.append(self._segment)
            self._segment = None


def _next_number(slot: int) -> int:
    """Return a number that no segment of the slot had: the time, or the one after the last, which the slot keeps."""
    last = int(os.pread(slot, 20, 0) or b"0")
    number = max(now_us() // 1_000, last + 1)
    os.pwrite(slot, f"{number:020d}".encode(), 0)
    return number
