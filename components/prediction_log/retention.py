"""What the log may keep, by age and by bytes: the oldest goes, is counted, and a gap record says so.

Labels and counts outlive the answers beside them until they are too old themselves: what is dropped for its bytes has
its labels appended anew. No pyarrow is needed: an endpoint drops as well as a compaction.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from components.prediction_log.description import Description, read_description
from components.prediction_log.maintenance import maintained
from components.prediction_log.parquet_footer import row_count
from components.prediction_log.record import Answered, Gap, Labelled, Record, Refused, Unknown, decode
from components.prediction_log.segment import begun_us, payloads
from components.prediction_log.writer import SLOTS, WAL, Writer
from components.system.clock import now_us
from components.system.locks import try_lock

AGE, BYTES = "older than the log keeps", "more than the log may take"
"""Why rows were dropped, as gaps say it."""

_DAY, _EPOCH, _DAY_US = "day=", date(1970, 1, 1), 86_400 * 1_000_000
_ROOM = 64 * 2**10  # bytes of a segment for gaps alone: the disk may be nearly full

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _File:
    path: Path
    since_us: int
    """What is in it is of that time, or of the day from then on: a worker closes a segment when its day is over."""

    @property
    def until_us(self) -> int:
        return self.since_us + _DAY_US


def closed_segments(folder: Path) -> list[Path]:
    """Return the segments that nobody will append to: who takes a slot begins another."""
    found: list[Path] = []
    for slot in sorted((folder / SLOTS).iterdir()) if (folder / SLOTS).is_dir() else ():
        with slot.open("rb") as file:
            free = try_lock(file)  # so that nobody takes it while its segments are listed
            segments = sorted((folder / WAL).glob(f"{slot.name}-*.seg"))
            found += segments if free else segments[:-1]
    return found


def retain(folder: Path) -> int:
    """Drop what the log in `folder` may not keep, as `log.json` says; return how many rows.

    Where another process compacts or drops just now, nothing is done. Segments that are appended to do not count.

    Raises:
        DataError: the log's description cannot be read.
        LogError: there is no room to say what was dropped; then nothing is.
    """
    if (description := read_description(folder)) is None:
        return 0
    with maintained(folder) as alone:
        return drop(folder, description) if alone else 0


def drop(folder: Path, description: Description) -> int:
    """Do what `retain` does, within `maintained`."""
    files = sorted(_files(folder), key=lambda file: file.since_us)
    bound = now_us() - description.days * _DAY_US
    old = [file for file in files if file.until_us < bound]
    large = _too_many(files[len(old) :], description.bytes)
    if not old and not large:
        return 0
    dropped = _merged([gap for file in old if (gap := _answers(file, AGE))] + list(large.values()))
    _write(folder, [*_others(large), *dropped])  # before they go: killed in between, it is said twice, not never
    for file in (*old, *large):
        file.path.unlink(missing_ok=True)
        with suppress(OSError):
            if file.path.suffix == ".parquet":
                file.path.parent.rmdir()  # a day without rows
    if rows := sum(gap.rows for gap in dropped):
        logger.warning("%s: dropped the oldest %d rows", folder, rows)
    return rows


def _too_many(files: list[_File], most: int) -> dict[_File, Gap]:
    """Return the oldest files with answers, so many that the others have no more bytes than they may."""
    sizes = [_size(file.path) for file in files]
    above, dropped = sum(sizes) - most, {}
    for file, size in zip(files, sizes, strict=True):
        if above <= 0:
            break
        if gap := _answers(file, BYTES):
            dropped[file] = gap
            above -= size
    return dropped


def _answers(file: _File, why: str) -> Gap | None:
    """Return what is missing when the file is; None: it has no answers."""
    if file.path.suffix == ".parquet":
        rows = row_count(file.path) if file.path.parent.name.startswith(_DAY) else 0
        return Gap(file.since_us, file.until_us, rows, why) if rows else None
    found = list(_records(file.path))
    answered = [record for record in found if isinstance(record, Answered)]
    unknown = sum(isinstance(record, Unknown) for record in found)  # how many rows each has, nobody here can tell
    if not answered and not unknown:
        return None
    times = [record.time_us for record in answered] or [file.since_us]
    return Gap(min(times), max(times), sum(len(record.answers) for record in answered) + unknown, why)


def _others(files: Iterable[_File]) -> list[Record]:
    """Return what else there is in segments: labels, refusals, and gaps that are added up."""
    found = [record for file in files if file.path.suffix == ".seg" for record in _records(file.path)]
    gaps = _merged([record for record in found if isinstance(record, Gap)])
    return [*(record for record in found if isinstance(record, Labelled | Refused)), *gaps]


def _merged(gaps: list[Gap]) -> list[Gap]:
    """Return one gap for each reason."""
    found: dict[str, Gap] = {}
    for gap in gaps:
        first = found.get(gap.why, Gap(gap.since_us, gap.until_us, 0, gap.why))
        since, until = min(first.since_us, gap.since_us), max(first.until_us, gap.until_us)
        found[gap.why] = Gap(since, until, first.rows + gap.rows, gap.why)
    return list(found.values())


def _write(folder: Path, records: list[Record]) -> None:
    if not records:
        return
    writer = Writer.open(folder, room=_ROOM)
    try:
        for record in records:
            writer.append(record)
    finally:
        writer.close()


def _files(folder: Path) -> Iterator[_File]:
    yield from (_File(path, begun_us(path)) for path in closed_segments(folder))
    for path in folder.glob(f"{_DAY}*/*.parquet"):
        day = date.fromisoformat(path.parent.name.removeprefix(_DAY))
        yield _File(path, (day - _EPOCH).days * _DAY_US)
    for name in ("labels", "traffic"):
        yield from (_File(path, begun_us(path)) for path in (folder / name).glob("*.parquet"))


def _records(path: Path) -> Iterator[Record]:
    return (decode(payload) for _, payload in payloads(path))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
