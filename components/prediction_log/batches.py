"""Rows that were answered elsewhere than by an endpoint: a whole segment is put into the log, once."""

from pathlib import Path

from components.prediction_log.record import Answered, decode
from components.prediction_log.segment import payloads
from components.prediction_log.writer import SLOTS, WAL
from components.system.files import entries_to_disk, found, whole_file

SLOT = "score"
"""The slot whose segments these are: nobody appends to one, so nobody takes it."""


def put_segment(folder: Path, segment: Path, name: str) -> None:
    """Put the segment into the log in `folder`; where it is there already, compacted or not, nothing is done.

    Args:
        folder: of the log, `<log>/<workload>`.
        segment: a file that `segment.write_segment` made, of answers; it stays.
        name: no other segment of answers that were given at that moment has it.

    Raises:
        OSError: there is no room, or no leave.
    """
    for needed in (WAL, SLOTS):
        (folder / needed).mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / WAL / f"{SLOT}-{name}-{_began(segment):015d}.seg"
    if path.exists() or found(folder, f"*/{path.stem}.parquet"):
        return
    (folder / SLOTS / SLOT).touch(mode=0o600)
    with whole_file(path) as draft:
        draft.touch(mode=0o600)
        draft.write_bytes(segment.read_bytes())
    entries_to_disk(path.parent)


def _began(segment: Path) -> int:
    """Return when its first rows were answered, milliseconds since 1970."""
    first = next(decode(payload) for _, payload in payloads(segment))
    assert isinstance(first, Answered)
    return first.time_us // 1_000
