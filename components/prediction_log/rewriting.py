"""A record of a segment, rewritten in its place. What is killed meanwhile is done again before the segment is cut.

`<log>/<workload>/rewriting` says which record, and what is to stand there; it is gone when it does.
"""

from pathlib import Path

from components.prediction_log.segment import rewrite
from components.system.files import whole_file

_JOURNAL = "rewriting"


def rewrite_whole(folder: Path, segment: Path, start: int, payload: bytes) -> None:
    """Put a record in the place of the one whose payload begins at `start`, as `segment.rewrite` does, or not at all.

    Raises:
        ValueError: the record is longer than the one that is there.
    """
    with whole_file(folder / _JOURNAL) as draft:
        draft.write_bytes(f"{segment.relative_to(folder)}\n{start}\n".encode() + payload)
    rewrite(segment, start, payload)
    (folder / _JOURNAL).unlink(missing_ok=True)


def finish_rewriting(folder: Path) -> None:
    """Do again what was killed in the middle; where nothing was, or it is being done, that changes nothing."""
    try:
        name, start, payload = (folder / _JOURNAL).read_bytes().split(b"\n", 2)
    except FileNotFoundError:
        return
    if (segment := folder / name.decode()).exists():
        rewrite(segment, int(start), payload)
    (folder / _JOURNAL).unlink(missing_ok=True)
